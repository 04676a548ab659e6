"""What the use cases need of the world. Each docstring is the contract its adapters keep."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime
    from pathlib import Path

    from audio_stream.domain.containers.segments import MediaSegment
    from audio_stream.domain.events import Event
    from audio_stream.domain.ids import RecordingId, StationSlug, TrackId
    from audio_stream.domain.recordings import Recording
    from audio_stream.domain.titles import Title
    from audio_stream.domain.tracks import Rendition, Track


class Clock(Protocol):
    """What time it is."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the wall clock's time, aware, in UTC."""

    @abstractmethod
    def monotonic_s(self) -> float:
        """Return seconds that never go backwards, from an arbitrary start."""


class RecordingCatalog(Protocol):
    """The index of recordings. The spool is the truth; this can be rebuilt from it."""

    @abstractmethod
    async def add_recording(self, recording: Recording) -> None:
        """Keep a new recording, durably. One with the same id is left as it is."""

    @abstractmethod
    async def get_recording(self, recording_id: RecordingId) -> Recording:
        """Return the recording. Raises RecordingNotFound."""

    @abstractmethod
    async def save_recording(self, recording: Recording) -> Recording:
        """Replace the row of the same id *and version* in one step; return it one version on.

        Raises RecordingChanged if the row has another version or is not there.
        """

    @abstractmethod
    async def list_recordings(self) -> Sequence[Recording]:
        """Return, oldest first, every recording that may still have a spool file to see to.

        That is all that are not discarded: recording, interrupted, finished and failed.
        """


@dataclass(frozen=True, slots=True)
class TrackPage:
    """One page of the library, newest first."""

    tracks: Sequence[Track]
    next_cursor: str | None
    """Opaque; None on the last page."""


class TrackCatalog(Protocol):
    """The index of tracks."""

    @abstractmethod
    async def add_track(self, track: Track) -> None:
        """Keep a new track, durably. One with the same id is left as it is."""

    @abstractmethod
    async def add_tracks(self, added: Sequence[Track]) -> None:
        """Keep all of them or, after an error, none, as `add_track` does."""

    @abstractmethod
    async def get_track(self, track_id: TrackId) -> Track:
        """Return the track. Raises TrackNotFound."""

    @abstractmethod
    async def find_track(self, name: str) -> Track:
        """Return the newest track of that `name` in addresses. Raises TrackNotFound."""

    @abstractmethod
    async def save_track(self, track: Track) -> Track:
        """Replace the row of the same id *and version* in one step; return it one version on.

        Raises TrackChanged if the row has another version, TrackNotFound if it is not there.
        """

    @abstractmethod
    async def delete_track(self, track_id: TrackId) -> None:
        """Forget the track. One that is not there is fine."""

    @abstractmethod
    async def page_tracks(self, *, query: str, cursor: str | None, limit: int) -> TrackPage:
        """Return up to `limit` tracks, by `created_at` and id, newest first, after `cursor`.

        Keyset paging: a track added or deleted meanwhile neither repeats nor hides another.
        `query`: every word of it stands somewhere in the title or the station, whatever the case
        (Unicode); no character in it is a wildcard. Raises InvalidRequest for a cursor that no
        page gave, and for a query of more than 100 words.
        """

    @abstractmethod
    async def list_unfinished_tracks(self) -> Sequence[TrackId]:
        """Return, oldest first, the tracks that are processing or whose MP3 is pending."""


class SpoolFile(Protocol):
    """One recording's growing file, open for appending by one writer."""

    @property
    @abstractmethod
    def size_bytes(self) -> int:
        """How many bytes it holds, synced or not."""

    @abstractmethod
    async def append(self, data: bytes, *, sync: bool) -> None:
        """Write `data` at the end, whole or not at all; with `sync`, as `sync()` does after it.

        Raises StorageFull or StorageFailed with `size_bytes` unchanged, or as `sync()`.
        """

    @abstractmethod
    async def sync(self) -> None:
        """Return when all that was appended would survive a power loss.

        Raises SyncFailed: what came since the last sync may be gone, and it takes nothing more.
        """

    @abstractmethod
    async def close(self) -> None:
        """Let go of the file."""


class Spool(Protocol):
    """The folder where recordings grow: for each, its bytes and, beside them, what it is."""

    @abstractmethod
    async def create(self, recording: Recording) -> None:
        """Make an empty file and the note beside it, durably.

        Raises StorageFull below the disk's reserve, StorageFailed.
        """

    @abstractmethod
    async def annotate(self, recording: Recording) -> None:
        """Replace the note beside the bytes in one durable step. Raises as `create`."""

    @abstractmethod
    async def open(self, recording_id: RecordingId) -> SpoolFile:
        """Open the file for appending. Raises RecordingGone if it is not there."""

    @abstractmethod
    async def remove(self, recording_id: RecordingId) -> None:
        """Remove bytes and note. What is not there is fine."""

    @abstractmethod
    async def list_recordings(self) -> Sequence[Recording]:
        """Return the recordings whose bytes and note are there, as the notes tell them."""

    @abstractmethod
    async def list_unnoted(self) -> Sequence[RecordingId]:
        """Return those whose bytes are there without a note that can be read."""

    @abstractmethod
    def path(self, recording_id: RecordingId) -> Path:
        """Return where its bytes lie, for a program that reads files."""

    @abstractmethod
    async def size_bytes(self, recording_id: RecordingId) -> int | None:
        """Return how many bytes a recording's file holds, None when there is no file."""

    @abstractmethod
    def station_bytes(self, station: StationSlug) -> int:
        """Return how many bytes the station's noted recordings hold. Never waits."""

    @abstractmethod
    def read(self, recording_id: RecordingId) -> AsyncIterator[bytes]:
        """Yield the bytes from the first on, in pieces of at most 256 KiB."""

    @abstractmethod
    async def copy(self, recording_id: RecordingId, target: Path, size_bytes: int) -> None:
        """Write the first `size_bytes` of a recording that still grows to `target`.

        Raises StorageFull, StorageFailed.
        """


class Scratch(Protocol):
    """Room for files that nobody needs for long."""

    @abstractmethod
    def folder(self) -> AbstractAsyncContextManager[Path]:
        """Give an empty folder that is removed, with all that is in it, on leaving."""


class Blob(Protocol):
    """Something stored, ready to be read."""

    @property
    @abstractmethod
    def size_bytes(self) -> int:
        """How many bytes it has."""

    @abstractmethod
    def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield the `length` bytes from `start`, in pieces of at most 256 KiB.

        A blob deleted meanwhile is either read to its end or raises BlobNotFound.
        """


class BlobStore(Protocol):
    """Where renditions rest. Keys are relative paths of `[a-z0-9._-]` parts joined by `/`."""

    @abstractmethod
    async def put(
        self,
        key: str,
        source: Path | bytes,
        *,
        mime_type: str,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Store a file or some bytes under `key`, durably; replaces what was there in one step.

        Nobody ever sees half of it. `labels` go with it where others may read it beside this
        program; a store that nobody else reads may drop them. Raises StorageFull, StorageFailed.
        """

    @abstractmethod
    async def open(self, key: str) -> Blob:
        """Return what is stored under `key`, without reading it. Raises BlobNotFound."""

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Remove what is stored under `key`. What is not there is fine."""

    @abstractmethod
    def list(self, prefix: str) -> AsyncIterator[str]:
        """Yield every key that starts with `prefix`, in order."""


class Manifests(Protocol):
    """The small notes beside the blobs that the catalog can be rebuilt from."""

    @abstractmethod
    async def write(self, track: Track) -> None:
        """Keep all there is to know of a track, replacing what was known. Raises as BlobStore."""

    @abstractmethod
    async def remove(self, track_id: TrackId) -> None:
        """Forget the track. One that is not there is fine."""

    @abstractmethod
    async def read(self, track_id: TrackId) -> Track | None:
        """Return the track; None without a note, or when it cannot be read, which is logged."""

    @abstractmethod
    def read_all(self) -> AsyncIterator[Track]:
        """Yield every track; a note that cannot be read is logged and passed over."""

    @abstractmethod
    def list_ids(self) -> AsyncIterator[TrackId]:
        """Yield the id of every track that has a note, readable or not."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OldTrack:
    """What the Node.js original kept of a recording, under one name."""

    name: str
    """The files' name without extension."""
    created_at: datetime
    original: str
    """Where the `.ogg` is, in the library's own words; empty if there is none."""
    mp3: str
    """Where the `.mp3` is; empty if there is none."""


class OldLibrary(Protocol):
    """Where the Node.js original kept its files."""

    @abstractmethod
    def list_tracks(self) -> AsyncIterator[OldTrack]:
        """Yield every name once, oldest first. Raises StorageFailed."""

    @abstractmethod
    async def fetch(self, place: str, target: Path) -> None:
        """Copy a file to `target`. Raises BlobNotFound, StorageFailed, StorageFull."""


class TrackWork(Protocol):
    """Work on tracks that goes on in the background, a few at a time."""

    @abstractmethod
    def schedule(self, track_id: TrackId) -> None:
        """See to the track soon; twice is as good as once.

        A restart forgets what was scheduled: ResumeWork finds it again in the catalog.
        """


class Health(Protocol):
    """Something that can be in trouble while the rest goes on."""

    @abstractmethod
    async def trouble(self) -> str | None:
        """Return what is wrong, for a person to read; None when all is well. Quick."""


class Journal(Protocol):
    """Where the keeper of the server can read what happened."""

    @abstractmethod
    def note(self, event: str, subject: str, **details: object) -> None:
        """Write one line. Never waits and never fails."""

    @abstractmethod
    def error(self, event: str, subject: str, error: BaseException) -> None:
        """Write what nobody expected, with its traceback. Never waits and never fails."""


class EventSink(Protocol):
    """Where news goes that pages want to hear."""

    @abstractmethod
    def publish(self, event: Event) -> None:
        """Tell everyone who listens. Never waits and never fails."""


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
