"""What can go wrong with sound itself."""

from __future__ import annotations

from dataclasses import dataclass

from audio_stream.domain.errors.base import AudioStreamError


@dataclass(eq=False)
class UnsupportedMedia(AudioStreamError):
    """The first bytes are of no container that is taken here."""

    accepted: tuple[str, ...]

    def __str__(self) -> str:
        return f"This is no audio that can be taken here. Accepted: {', '.join(self.accepted)}."


@dataclass(eq=False)
class MalformedMedia(AudioStreamError):
    """The bytes break the rules of their container."""

    detail: str

    def __str__(self) -> str:
        return f"The audio data is damaged: {self.detail}"


@dataclass(eq=False)
class NoAudio(AudioStreamError):
    """The file holds not a single packet of audio."""

    def __str__(self) -> str:
        return "There was no audio in this recording."


@dataclass(eq=False)
class MediaToolFailed(AudioStreamError):
    """The converter could not do its work."""

    detail: str

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class PacketsLost(AudioStreamError):
    """A copy does not hold the packets of its source."""

    expected: int
    got: int

    def __str__(self) -> str:
        return f"The copy holds {self.got} of {self.expected} packets."
