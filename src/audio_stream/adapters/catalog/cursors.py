"""Where a page of tracks ended, as a text that means nothing to whoever carries it."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError, InvalidRequest
from audio_stream.domain.ids import TrackId, parse_recording_id

if TYPE_CHECKING:
    from audio_stream.domain.tracks import Track

_NO_CURSOR = "This is no cursor that a page of tracks gave."


def cursor_after(track: Track) -> str:
    """Return the cursor of the page that starts below `track`."""
    return _encode(track.created_at, track.id)


def read_cursor(cursor: str) -> tuple[datetime, TrackId]:
    """Return time and id of the track that the page starts below. Raises InvalidRequest."""
    try:
        place = base64.b64decode(cursor.encode("ascii"), altchars=b"-_").decode("ascii")
        time, _, track_id = place.partition(" ")
        created_at = datetime.fromisoformat(time)
        place_id = TrackId(parse_recording_id(track_id))
    except (ValueError, AudioStreamError) as error:
        raise InvalidRequest(_NO_CURSOR) from error
    if _encode(created_at, place_id) != cursor:
        raise InvalidRequest(_NO_CURSOR)
    return created_at, place_id


def _encode(created_at: datetime, track_id: TrackId) -> str:
    place = f"{created_at.isoformat(timespec='microseconds')} {track_id}"
    return base64.urlsafe_b64encode(place.encode("ascii")).decode("ascii")
