"""What pages are told as it happens."""

from __future__ import annotations

from dataclasses import dataclass

from audio_stream.domain.ids import StationSlug, TrackId


@dataclass(frozen=True, slots=True)
class StationChanged:
    """A station went on or off air, or its title or listener count changed."""

    station: StationSlug


@dataclass(frozen=True, slots=True)
class TrackChangedEvent:
    """A track came, changed, or went."""

    track_id: TrackId
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class UploadProgressed:
    """Some more of a file has reached the store that the library rests in."""

    track_id: TrackId | None
    key: str
    sent_bytes: int
    size_bytes: int


Event = StationChanged | TrackChangedEvent | UploadProgressed
