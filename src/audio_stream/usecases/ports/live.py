"""Live sound, as the use cases need it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from audio_stream.domain.containers.segments import MediaSegment
    from audio_stream.domain.ids import RecordingId, StationSlug
    from audio_stream.domain.recordings import Recording
    from audio_stream.domain.titles import Title


@dataclass(frozen=True, slots=True)
class StationStatus:
    """A station as listeners see it."""

    station: StationSlug
    title: Title
    live: bool
    """On air, with sound that can be joined."""
    started_at: datetime | None
    listeners: int
    mime_type: str | None


class Broadcast(Protocol):
    """A station's time on air: what one recording sends to whoever listens."""

    @property
    @abstractmethod
    def media_type(self) -> str:
        """The MIME type with codecs of what is sent."""

    @abstractmethod
    def join(self, transport: asyncio.Transport, *, chunked: bool, backlog_s: float) -> None:
        """Take over a listener's connection, whose response's headers are written.

        From here on it is the broadcast's: it writes initialization, backlog and all that comes
        after, each in whole segments; the end, when the broadcast ends; and it closes the
        connection, also when the listener takes no byte for too long. `chunked` asks for
        HTTP/1.1 chunked framing (RFC 9112 §7.1). Joining what is over ends at once.
        """


class LiveMp3(Protocol):
    """Stations' live sound for players that cannot take the source's container."""

    @abstractmethod
    def on_air(self, station: StationSlug) -> Broadcast:
        """Return the station's sound as MP3. Raises StationNotFound, StationOffAir or HouseFull.

        It is converted only while somebody listens, and ends when the station's broadcast does.
        """


@dataclass(frozen=True, slots=True)
class Transcoding:
    """A converter at work."""

    source: asyncio.Transport
    """Takes the sound as a listener's connection does: whole segments, as fast as it reads.

    Closing it ends the output, once all is converted."""
    mp3: asyncio.StreamReader


class LiveTranscoder(Protocol):
    """Turns live sound into MP3 while it comes."""

    @abstractmethod
    def start(self, media_type: str) -> AbstractAsyncContextManager[Transcoding]:
        """Give a converter for sound of this type. On leaving nothing of it is left running.

        Raises MediaToolFailed, on leaving too when the converter has failed by itself.
        """


class LiveFeed(Protocol):
    """All stations' live sound, kept in memory and handed to every listener."""

    @abstractmethod
    def claim(self, recording: Recording) -> None:
        """Give the station to this recording. Raises StationBusy if another one has it.

        Claiming again what one has is fine.
        """

    @abstractmethod
    def publish(
        self,
        recording: Recording,
        *,
        media_type: str,
        initialization: bytes,
        segments: Sequence[MediaSegment],
    ) -> None:
        """Hand segments to every listener of the station; on air from the first call.

        Does nothing when the recording does not have the station.
        """

    @abstractmethod
    def release(self, recording_id: RecordingId) -> None:
        """End the broadcast: the listeners' responses end, the station is free."""

    @abstractmethod
    def on_air(self, station: StationSlug) -> Broadcast:
        """Return what can be joined now. Raises StationNotFound, StationOffAir or HouseFull."""

    @abstractmethod
    def stations(self) -> Sequence[StationStatus]:
        """Return the default station first, then others by name.

        They are those on air, and those that were, or that somebody asked for, within the hour.
        """

    @abstractmethod
    def carries(self, recording_id: RecordingId) -> bool:
        """Tell whether this recording is on air."""

    @abstractmethod
    def title_changed(self, recording_id: RecordingId, title: Title) -> None:
        """Show another title for the recording on air. Does nothing if it is not."""
