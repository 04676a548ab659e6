"""The note beside a recording's bytes: what it is, as JSON."""

from __future__ import annotations

from pydantic import TypeAdapter, ValidationError

from audio_stream.domain.errors import StorageFailed
from audio_stream.domain.recordings import Recording

_RECORDING = TypeAdapter(Recording)


def write_note(recording: Recording) -> bytes:
    """Return the note of a recording."""
    return _RECORDING.dump_json(recording, indent=1)


def read_note(note: bytes) -> Recording:
    """Return what a note tells. Raises StorageFailed if it cannot be read."""
    try:
        return _RECORDING.validate_json(note)
    except ValidationError as error:
        raise StorageFailed(f"a recording's note cannot be read: {error}") from error
