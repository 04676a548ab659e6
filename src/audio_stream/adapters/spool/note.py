"""The note beside a recording's bytes: what it is, as JSON."""

from __future__ import annotations

from pydantic import TypeAdapter

from audio_stream.domain.recordings import Recording

_RECORDING = TypeAdapter(Recording)


def write_note(recording: Recording) -> bytes:
    """Return the note of a recording."""
    return _RECORDING.dump_json(recording, indent=1)


def read_note(note: bytes) -> Recording:
    """Return what a note tells. Raises ValueError if it cannot be read."""
    return _RECORDING.validate_json(note)
