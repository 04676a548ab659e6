"""The interface that every container's splitter shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaSegment:
    """A self-contained piece of media that can follow an initialization segment.

    The W3C Media Source term; joining between any two segments works.
    """

    data: bytes
    time_s: float
    """When its first sample is to be heard, on the source's own clock."""
    end_offset: int
    """The spool offset after the last byte it was made of.

    A truncated recording's copy is cut at its last segment's: no whole element is lost with it.
    """


class Splitter(ABC):
    """Turns any chunking of one container's bytes into an initialization and media segments.

    Pure and incremental: it does no I/O, holds no more than `max_held_bytes`, and gives the same
    segments however its input was cut.
    """

    max_held_bytes = 1 << 20
    """What one incomplete element may make it hold: 1 MiB is 8 s of 1 Mbit/s audio."""

    @property
    @abstractmethod
    def initialization(self) -> bytes | None:
        """The initialization segment, once its last byte has come."""

    @property
    @abstractmethod
    def media_type(self) -> str | None:
        """The MIME type with codecs as sniffed, e.g. `audio/webm;codecs=opus`, with the above."""

    @property
    @abstractmethod
    def offset(self) -> int:
        """The spool offset it has seen everything up to."""

    @abstractmethod
    def feed(self, offset: int, data: bytes) -> list[MediaSegment]:
        """Return the segments that `data`, which lies at spool `offset`, completes.

        Bytes before `self.offset` were seen already and are ignored; a gap is a ValueError, a
        mistake of the caller. Raises MalformedMedia when the bytes break the container's rules or
        its limits; it stays broken then and raises it again. Segments that were whole before the
        damage are not lost: they are returned, and the next call raises.
        """
