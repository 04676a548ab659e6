"""The spool in a folder: `{id}.audio` grows, `{id}.json` beside it tells what it is."""

from __future__ import annotations

import asyncio
import errno
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

import structlog

from audio_stream.adapters.files import storage_errors
from audio_stream.adapters.spool.folder_spool_file import FolderSpoolFile, Fsync
from audio_stream.adapters.spool.note import read_note, write_note
from audio_stream.adapters.spool.usage import StationUsage
from audio_stream.domain.errors import (
    RecordingGone,
    RecordingNotFound,
    StorageFailed,
    StorageFull,
)
from audio_stream.domain.ids import parse_recording_id
from audio_stream.usecases.ports import Health, Spool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from audio_stream.adapters.files import Files
    from audio_stream.domain.ids import RecordingId, StationSlug
    from audio_stream.domain.recordings import Recording
    from audio_stream.usecases.ports import SpoolFile

_log = structlog.get_logger()

_BYTES, _NOTE = ".audio", ".json"
_PIECE_BYTES = 256 * 1024
_THREADS = 16
_R = TypeVar("_R")


class FolderSpool(Spool, Health):
    """Recordings as files in one folder. `async with` sweeps it and holds its threads."""

    def __init__(
        self,
        folder: Path,
        *,
        files: Files,
        fsync: Fsync = Fsync.ALWAYS,
        reserve_bytes: int = 0,
    ) -> None:
        self._folder = folder
        self._files = files
        self._fsync = fsync
        self._reserve_bytes = reserve_bytes
        # Threads of its own: a stalled disk must not use up those that serve everything else.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="spool")
        self._usage = StationUsage()
        self._failure: str | None = None
        """Why the disk could not confirm a sync, ever since the start."""

    async def __aenter__(self) -> Self:
        """Make the folder and remove what an earlier crash left half-written in it."""
        await self._run(self._sweep)
        for recording in await self.list_recordings():
            self._usage.add(recording, await self.size_bytes(recording.id) or 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=True)

    async def create(self, recording: Recording) -> None:
        """Make the recording's note, then its empty file."""
        await self._run(self._create, recording)
        self._usage.add(recording, 0)

    async def annotate(self, recording: Recording) -> None:
        """Replace the recording's note."""
        note = self._note_path(recording.id)
        await self._run(self._files.write_atomically, note, write_note(recording))
        if not self._usage.knows(recording.id):  # its note was lost
            self._usage.add(recording, await self.size_bytes(recording.id) or 0)

    async def open(self, recording_id: RecordingId) -> SpoolFile:
        """Open a recording's file for appending."""
        try:
            descriptor, size_bytes = await self._run(self._open, recording_id)
        except StorageFailed as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise RecordingGone(recording_id) from error
            raise
        return FolderSpoolFile(
            descriptor,
            size_bytes,
            files=self._files,
            threads=self._threads,
            fsync=self._fsync,
            on_growth=partial(self._usage.change, recording_id),
            on_failure=self._note_failure,
        )

    async def remove(self, recording_id: RecordingId) -> None:
        """Remove the bytes, then the note: a note alone promises nothing."""
        await self._run(self._remove, recording_id)
        self._usage.remove(recording_id)

    async def list_recordings(self) -> Sequence[Recording]:
        """Return the noted recordings whose bytes are there, oldest first."""
        noted, _ = await self._run(self._list)
        return noted

    async def list_unnoted(self) -> Sequence[RecordingId]:
        """Return those whose note is missing or damaged."""
        _, unnoted = await self._run(self._list)
        return unnoted

    def path(self, recording_id: RecordingId) -> Path:
        """Return where the recording's bytes lie."""
        return self._folder / f"{recording_id}{_BYTES}"

    async def size_bytes(self, recording_id: RecordingId) -> int | None:
        """Return the size of the recording's file."""
        return await self._run(self._size, recording_id)

    def station_bytes(self, station: StationSlug) -> int:
        """Return what was counted along."""
        return self._usage.of(station)

    async def trouble(self) -> str | None:
        """Tell of a disk that has less room than it shall keep, or failed to keep something."""
        troubles = []
        if self._failure is not None:
            troubles.append(
                f"The disk could not confirm what it kept of a recording ({self._failure}). "
                "Look at the disk, then start the server again."
            )
        free_bytes = await self._run(self._files.free_bytes, self._folder)
        if free_bytes < self._reserve_bytes:
            troubles.append(
                f"The disk is nearly full: {free_bytes // 2**20} MiB are left, and no new "
                f"recording is taken below {self._reserve_bytes // 2**20} MiB."
            )
        return " ".join(troubles) or None

    async def read(self, recording_id: RecordingId) -> AsyncIterator[bytes]:
        """Yield the recording's bytes."""
        descriptor = await self._run(self._files.open_read, self.path(recording_id))
        try:
            start = 0
            while piece := await self._run(self._files.read_at, descriptor, start, _PIECE_BYTES):
                yield piece
                start += len(piece)
        finally:
            self._files.let_go(descriptor)

    async def copy(self, recording_id: RecordingId, target: Path, size_bytes: int) -> None:
        """Copy the first bytes of the recording's file."""
        await self._run(self._copy, recording_id, target, size_bytes)

    def _note_failure(self, detail: str) -> None:
        self._failure = detail

    def _note_path(self, recording_id: RecordingId) -> Path:
        return self._folder / f"{recording_id}{_NOTE}"

    async def _run(self, function: Callable[..., _R], *arguments: object) -> _R:
        loop = asyncio.get_running_loop()
        with storage_errors():
            return await loop.run_in_executor(self._threads, partial(function, *arguments))

    def _sweep(self) -> None:
        self._files.make_folder(self._folder)
        # A killed process may have removed what a power loss would bring back.
        self._files.sync_folder(self._folder)
        names = {name for name, is_folder in self._files.names(self._folder) if not is_folder}
        for name in names:
            lone_note = name.endswith(_NOTE) and name.removesuffix(_NOTE) + _BYTES not in names
            if name.startswith("~") or lone_note:
                self._files.remove(self._folder / name)
                _log.info("leftover in the spool removed", subject=name)

    def _create(self, recording: Recording) -> None:
        if self._files.free_bytes(self._folder) < self._reserve_bytes:
            raise StorageFull("The server's disk is nearly full. It takes no new recordings now.")
        self._files.write_atomically(self._note_path(recording.id), write_note(recording))
        self._files.close(self._files.create(self.path(recording.id)))
        self._files.sync_folder(self._folder)

    def _open(self, recording_id: RecordingId) -> tuple[int, int]:
        descriptor = self._files.open_append(self.path(recording_id))
        return descriptor, self._files.stat_open(descriptor).st_size

    def _remove(self, recording_id: RecordingId) -> None:
        for path in (self.path(recording_id), self._note_path(recording_id)):
            with suppress(FileNotFoundError):
                self._files.remove(path)
            # Each on its own: bytes that came back without their note would be nobody's.
            self._files.sync_folder(self._folder)

    def _list(self) -> tuple[list[Recording], list[RecordingId]]:
        noted, unnoted = [], []
        names = {name for name, _ in self._files.names(self._folder)}
        for name in names:
            with suppress(RecordingNotFound):  # else a stranger's file
                if name.endswith(_BYTES):
                    recording_id = parse_recording_id(name.removesuffix(_BYTES))
                    recording = self._read_note(recording_id)
                    if recording is None:
                        unnoted.append(recording_id)
                    else:
                        noted.append(recording)
        return sorted(noted, key=lambda recording: recording.started_at), sorted(unnoted)

    def _read_note(self, recording_id: RecordingId) -> Recording | None:
        note = self._note_path(recording_id)
        try:
            recording = read_note(note.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:  # one bad note must not hide the other recordings
            _log.warning("note in the spool cannot be read", note=note.name, reason=str(error))
            return None
        return recording if recording.id == recording_id else None

    def _size(self, recording_id: RecordingId) -> int | None:
        try:
            return self._files.stat(self.path(recording_id)).st_size
        except FileNotFoundError:
            return None

    def _copy(self, recording_id: RecordingId, target: Path, size_bytes: int) -> None:
        descriptor = self._files.open_read(self.path(recording_id))
        try:
            with target.open("wb") as copy:
                start = 0
                while start < size_bytes:
                    wanted = min(_PIECE_BYTES, size_bytes - start)
                    piece = self._files.read_at(descriptor, start, wanted)
                    if not piece:
                        raise OSError(errno.EIO, os.strerror(errno.EIO))
                    copy.write(piece)
                    start += len(piece)
        finally:
            self._files.close(descriptor)
