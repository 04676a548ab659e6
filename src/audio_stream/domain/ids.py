"""Names of things: recordings, tracks and stations."""

from __future__ import annotations

import re
import secrets
from typing import NewType

from audio_stream.domain.errors import InvalidStation, RecordingNotFound

RecordingId = NewType("RecordingId", str)
"""32 lower-case hexadecimal digits; a finished recording's track carries the same ones."""

TrackId = NewType("TrackId", str)
"""The id of the recording the track came from."""

StationSlug = NewType("StationSlug", str)

_ID = re.compile(r"[0-9a-f]{32}")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def new_recording_id() -> RecordingId:
    """Return an id that nobody can guess."""
    return RecordingId(secrets.token_hex(16))


def parse_recording_id(text: str) -> RecordingId:
    """Return `text` as an id. Raises RecordingNotFound: nothing carries any other name."""
    if not _ID.fullmatch(text):
        raise RecordingNotFound(text)
    return RecordingId(text)


def parse_station(text: str) -> StationSlug:
    """Return `text` as a station's slug. Raises InvalidStation."""
    if not _SLUG.fullmatch(text):
        raise InvalidStation(text)
    return StationSlug(text)
