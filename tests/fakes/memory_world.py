"""The use cases on fakes: what outlives a process, and processes that come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dependency_injector import providers

from audio_stream.domain.ids import RecordingId, StationSlug, TrackId
from audio_stream.domain.titles import Title
from audio_stream.infrastructure.container import Container
from audio_stream.infrastructure.settings import Settings
from audio_stream.usecases.append_chunk import Appended, ChunkBody
from fakes.memory_blob_store import MemoryBlobStore
from fakes.memory_catalog import MemoryCatalog
from fakes.memory_clock import MemoryClock
from fakes.memory_events import MemoryEvents
from fakes.memory_journal import MemoryJournal
from fakes.memory_manifests import MemoryManifests
from fakes.memory_media import MemoryMediaTool
from fakes.memory_spool import MemorySpool
from fakes.mortal import Life, Mortal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from audio_stream.domain.checksums import Checksum
    from audio_stream.domain.recordings import Recording
    from audio_stream.domain.tracks import Track


async def _pieces(pieces: tuple[bytes, ...]) -> AsyncIterator[bytes]:
    for piece in filter(None, pieces):  # no connection brings nothing
        yield piece


def body_of(*pieces: bytes, checksum: Checksum | None = None, told: bool = True) -> ChunkBody:
    """Return a body that comes in these pieces; `told` says whether its size is known before."""
    size_bytes = sum(map(len, pieces)) if told else None
    return ChunkBody(_pieces(pieces), size_bytes, checksum)


class MemoryWorld:
    """The stores, and the process that works on them now."""

    def __init__(
        self,
        folder: Path,
        life: Life | None = None,
        **settings: Any,  # noqa: ANN401 - any setting
    ) -> None:
        self._settings = Settings(data_dir=folder, **settings)
        (folder / "spooled").mkdir()
        self.spool = MemorySpool(folder / "spooled")
        self.catalog = MemoryCatalog()
        self.blobs = MemoryBlobStore()
        self.manifests = MemoryManifests()
        self.media = MemoryMediaTool()
        self.clock = MemoryClock()
        self.journal = MemoryJournal()
        self.events = MemoryEvents()
        self.container = Container()
        self.start(life)

    def start(self, life: Life | None = None) -> None:
        """Begin a new process on the same stores; what the one before had in memory is gone."""

        def mortal(port: object) -> providers.Object[object]:
            return providers.Object(port if life is None else Mortal(port, life))

        self.container = Container(
            settings=self._settings,
            spool=mortal(self.spool),
            catalog=mortal(self.catalog),
            blobs=mortal(self.blobs),
            manifests=mortal(self.manifests),
            media=mortal(self.media),
            clock=providers.Object(self.clock),
            journal=providers.Object(self.journal),
            events=providers.Object(self.events),
        )
        self.container.scratch().sweep()

    async def resume(self) -> None:
        """Do what a start does, and wait for what it leads to."""
        await self.container.resume_work().index()
        await self.container.resume_work().execute()
        await self.settle()

    async def settle(self) -> None:
        """Wait until no work is left in the background."""
        await self.container.work().idle()

    async def begin(
        self, title: str = "A song", *, live: bool = False, length_bytes: int | None = None
    ) -> RecordingId:
        """Start a recording."""
        recording: Recording = await self.container.start_recording().execute(
            station=StationSlug("main"),
            title=Title(title),
            live=live,
            claimed_type="audio/webm",
            length_bytes=length_bytes,
        )
        return recording.id

    async def append(
        self,
        recording_id: RecordingId,
        offset: int,
        *pieces: bytes,
        length_bytes: int | None = None,
    ) -> int:
        """Append; return the new offset, all before which is kept."""
        appended: Appended = await self.container.append_chunk().execute(
            recording_id=recording_id,
            offset=offset,
            body=body_of(*pieces),
            length_bytes=length_bytes,
        )
        assert appended.kept == appended.offset
        return appended.offset

    async def offset(self, recording_id: RecordingId) -> int:
        """Ask where the source goes on."""
        offset: int = (await self.container.read_recording().offset(recording_id=recording_id))[0]
        return offset

    async def fall_silent(self) -> None:
        """Let the source be silent for longer than is waited for, and look."""
        self.clock.advance(self.container.settings().silence_s + 1)
        await self.container.interrupt_recordings().execute()

    def recording(self, recording_id: RecordingId) -> Recording:
        """Return what the catalog has."""
        return self.catalog.recordings[recording_id]

    def track(self, recording_id: RecordingId) -> Track:
        """Return the track that came of a recording."""
        return self.catalog.tracks[TrackId(recording_id)]

    def stored(self, recording_id: RecordingId) -> bytes:
        """Return what the library plays of a recording."""
        key = self.track(recording_id).original.key
        assert key is not None
        return self.blobs.blobs[key]
