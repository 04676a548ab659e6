"""What makes files of files, as the use cases need it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from audio_stream.domain.titles import Title
    from audio_stream.domain.tracks import Rendition, Track


@dataclass(frozen=True, slots=True)
class Finalised:
    """What became of a recording's bytes."""

    mime_type: str
    """Sniffed, with codecs where they are known."""
    duration_s: float
    revision: str
    """Names the target's content: the first 16 hexadecimal digits of its SHA-256."""
    size_bytes: int
    """The target's size."""
    kept_raw_because: str | None
    """None when the target is a seekable copy; else why it is the raw bytes."""


class MediaTool(Protocol):
    """Makes files of files. Every source is untrusted: its container is sniffed and forced."""

    @abstractmethod
    async def finalise(self, source: Path, target: Path) -> Finalised:
        """Write to `target` a seekable file of the same packets as the first audio stream's.

        `target` has no extension yet; the caller names it by the result. `source` may end in the
        middle of an element and is not changed. When a copy would lose packets, or cannot be
        made, `target` gets the raw bytes and the result says why. Raises NoAudio,
        UnsupportedMedia, MediaToolFailed, StorageFull.
        """

    @abstractmethod
    async def encode_mp3(
        self, source: Path, target: Path, *, title: Title, created_at: datetime
    ) -> None:
        """Write an MP3 with ID3 tags whose duration is the source's.

        Nothing is left at `target` on failure. Raises MediaToolFailed, StorageFull.
        """

    @abstractmethod
    async def measure_peaks(self, source: Path) -> bytes:
        """Return the waveform as JSON in the audiowaveform format, version 2, 8 bits, 10 per s.

        Source: https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md. Raises
        MediaToolFailed.
        """


class Mp3Converter(Protocol):
    """Brings a track's MP3 into being, here or elsewhere."""

    @abstractmethod
    async def convert(self, track: Track) -> Rendition | None:
        """Return the MP3 of the track's present revision, stored, at its deterministic key.

        None when it is being made elsewhere and is not there yet: ask again later. Raises
        MediaToolFailed with a reason for people, StorageFull, StorageFailed, BlobNotFound.
        """

    @abstractmethod
    async def start_over(self, track: Track) -> None:
        """Forget that the MP3 could not be made. Raises StorageFailed, BlobNotFound."""
