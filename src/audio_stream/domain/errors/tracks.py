"""What can go wrong with a track."""

from __future__ import annotations

from dataclasses import dataclass

from audio_stream.domain.errors.base import AudioStreamError


@dataclass(eq=False)
class TrackNotFound(AudioStreamError):
    """No track carries this id or name."""

    track_id: str

    def __str__(self) -> str:
        return "There is no such track."


@dataclass(eq=False)
class TrackChanged(AudioStreamError):
    """Somebody else changed the track in the meantime."""

    track_id: str

    def __str__(self) -> str:
        return "The track was changed by somebody else just now. Look again and retry."


@dataclass(eq=False)
class RenditionNotReady(AudioStreamError):
    """This form of the track is still being made, or could not be made."""

    track_id: str
    kind: str
    reason: str

    def __str__(self) -> str:
        return self.reason
