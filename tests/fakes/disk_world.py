"""The use cases on a disk that fails: real spool, library and manifests; the rest in memory."""

from __future__ import annotations

from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

from dependency_injector import providers

from audio_stream.domain.errors import (
    AudioStreamError,
    RecordingFailed,
    RecordingNotFound,
    SyncFailed,
    TrackNotFound,
)
from audio_stream.domain.ids import StationSlug, TrackId
from audio_stream.domain.recordings import RecordingState
from audio_stream.domain.titles import Title
from audio_stream.infrastructure.container import Container
from audio_stream.infrastructure.settings import Settings
from fakes.forgetful_files import ForgetfulFiles
from fakes.memory_catalog import MemoryCatalog
from fakes.memory_clock import MemoryClock
from fakes.memory_events import MemoryEvents
from fakes.memory_journal import MemoryJournal
from fakes.memory_media import MemoryMediaTool
from fakes.memory_world import body_of

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from audio_stream.domain.ids import RecordingId
    from audio_stream.domain.recordings import Recording
    from audio_stream.usecases.append_chunk import Appended


class DiskWorld:
    """One data folder after the other: each but the first is what a power loss left of the last."""

    def __init__(
        self,
        folder: Path,
        **settings: Any,  # noqa: ANN401 - any setting
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._starts = 0
        self._stack = AsyncExitStack()
        self.catalog = MemoryCatalog()
        self.clock = MemoryClock()
        self.journal = MemoryJournal()
        self.container = Container()
        self.data_dir.mkdir()
        self.files = ForgetfulFiles(self.data_dir)

    @property
    def data_dir(self) -> Path:
        """Where everything lies now."""
        return self._folder / str(self._starts)

    async def start(self) -> None:
        """Begin a process; nothing of what is open behind the port is done yet."""
        self.container = Container(
            settings=Settings(data_dir=self.data_dir, **self._settings),
            files=providers.Object(self.files),
            catalog=providers.Object(self.catalog),
            media=providers.Object(MemoryMediaTool()),
            clock=providers.Object(self.clock),
            journal=providers.Object(self.journal),
            events=providers.Object(MemoryEvents()),
        )
        self.container.scratch().sweep()
        self._stack = AsyncExitStack()
        for resource in (self.container.spool(), self.container.blobs(), self.container.work()):
            await self._stack.enter_async_context(resource)

    async def resume(self) -> None:
        """Do what a start does, and wait for what it leads to."""
        await self.container.resume_work().index()
        await self.look()

    async def look(self) -> None:
        """Do what is done behind the port from time to time, and wait for what it leads to."""
        await self.container.resume_work().execute()
        await self.container.reconcile_library().execute()
        await self.clear_up()

    async def clear_up(self) -> None:
        """Wait until no work is left in the background."""
        await self.container.work().idle()

    async def fall_silent(self) -> None:
        """Let every source be silent for longer than is waited for, look, and wait for the work."""
        self.clock.advance(self.container.settings().silence_s + 1)
        await self.container.interrupt_recordings().execute()
        await self.clear_up()

    async def let_everything_expire(self) -> None:
        """Let as much time pass as any source has to return."""
        await self.fall_silent()
        self.clock.advance(self.container.settings().resume_window_s + 1)
        await self.container.expire_recordings().execute()

    async def end(self) -> None:
        """End the process, as a power loss does."""
        self.files.stop()
        await self._stack.aclose()

    async def lose_power(self, luck: random.Random | None, *, catalog_too: bool = False) -> None:
        """End the process, and begin another on what is left."""
        await self.end()
        files = self.files
        self._starts += 1
        files.after_power_loss(self.data_dir, luck)
        self.files = ForgetfulFiles(self.data_dir)
        if catalog_too:
            self.catalog.recordings.clear()
            self.catalog.tracks.clear()
        await self.start()

    async def be_killed(self) -> None:
        """End the process, and begin another on all that it had written."""
        await self.end()
        self.files.run_again()
        await self.start()

    def stored_files(self) -> set[str]:
        """Return the keys of all that the library holds."""
        library = self.data_dir / "library"
        return {
            path.relative_to(library).as_posix() for path in library.rglob("*") if path.is_file()
        }

    def spooled_files(self) -> list[str]:
        """Return what the spool holds."""
        return sorted(path.name for path in (self.data_dir / "spool").iterdir())


GIVEN_UP = (RecordingFailed, SyncFailed)
"""What tells a source that it is over."""


class Source:
    """A source that goes on after every error but those that tell it to give up."""

    def __init__(self, world: DiskWorld, sound: bytes) -> None:
        self._world = world
        self._sound = sound
        self.patience_s: float | None = None
        """How long it waits for the disk; it keeps what is not acknowledged."""
        self._offset = 0
        self.id: RecordingId | None = None
        self.acknowledged = 0
        self.finished = False
        self.given_up: AudioStreamError | None = None
        self.renamed = False
        self.deleted = False
        self._wants_deletion = False

    async def send_at_last(self, until: int, *, tries: int = 4) -> None:
        """Append up to there, asking where to go on after each failure, while there is hope."""
        for _ in range(tries):
            if self.finished or self.given_up is not None or self._offset >= until:
                return
            try:
                if self.id is None:
                    await self._begin()
                await self._send(until)
            except GIVEN_UP as error:
                self.given_up = error
            except AudioStreamError:
                await self._ask()

    async def rename(self) -> None:
        """Give the track another title; failure is an answer too."""
        if self.finished:
            with suppress(AudioStreamError):
                await self._world.container.rename_track().execute(
                    track_id=TrackId(self._known_id), title=Title("Another title")
                )
                self.renamed = True

    async def delete(self) -> None:
        """Delete the track."""
        if self.finished:
            self._wants_deletion = True
            try:
                await self._world.container.delete_track().execute(track_id=TrackId(self._known_id))
            except TrackNotFound:
                self.deleted = True  # an earlier try got that far
            except AudioStreamError:
                return
            self.deleted = True

    async def come_to_an_end(self) -> None:
        """Do, on a disk that works again, what failed so far."""
        if self._wants_deletion:
            await self.delete()
        elif self.id is not None and not self.finished and self.given_up is None:
            try:
                await self._ask()
            except RecordingNotFound:
                # The catalog is lost, and the recording was in the library already.
                assert TrackId(self.id) in self._world.catalog.tracks
                self.finished = True
            await self.send_at_last(len(self._sound))

    async def _begin(self) -> None:
        recording: Recording = await self._world.container.start_recording().execute(
            station=StationSlug("main"),
            title=Title("A song"),
            live=False,
            claimed_type="audio/ogg",
            length_bytes=None,
        )
        self.id = recording.id

    async def _send(self, until: int) -> None:
        """Append in two pieces; the last bytes tell that they are."""
        start = self._offset
        middle = (start + until) // 2
        end = until if until == len(self._sound) else None
        appended: Appended = await self._world.container.append_chunk().execute(
            recording_id=self._known_id,
            offset=start,
            body=body_of(self._sound[start:middle], self._sound[middle:until]),
            length_bytes=end,
            patience_s=self.patience_s,
        )
        self._told(appended.kept)
        self._offset = appended.offset
        self.finished = end is not None

    async def _ask(self) -> None:
        """Ask where to go on; a server that cannot tell is asked again another time."""
        if self.id is None:
            return
        reading = self._world.container.read_recording()
        try:
            offset, recording = await reading.offset(recording_id=self.id)
        except GIVEN_UP as error:
            self.given_up = error
        except RecordingNotFound:
            raise
        except AudioStreamError:
            return
        else:
            self._told(offset)
            self.finished = recording.state is RecordingState.FINISHED

    @property
    def _known_id(self) -> RecordingId:
        assert self.id is not None
        return self.id

    def _told(self, offset: int) -> None:
        assert self.acknowledged <= offset <= len(self._sound), "what was told is never taken back"
        self.acknowledged = self._offset = offset
