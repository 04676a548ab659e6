"""A station as JSON, the same in `/api/stations` and in events."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audio_stream.usecases.ports import StationStatus


def station_json(status: StationStatus) -> dict[str, object]:
    """Return what pages are told of a station."""
    return {
        "station": status.station,
        "title": status.title,
        "live": status.live,
        "started_at": None if status.started_at is None else status.started_at.isoformat(),
        "listeners": status.listeners,
        "mime_type": status.mime_type,
    }
