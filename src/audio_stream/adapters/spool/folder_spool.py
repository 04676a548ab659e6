"""The spool in a folder: `{id}.audio` grows, `{id}.json` beside it tells what it is."""

from __future__ import annotations

import asyncio
import errno
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

import structlog

from audio_stream.adapters.files import storage_errors
from audio_stream.adapters.spool.folder_spool_file import FolderSpoolFile, Fsync
from audio_stream.adapters.spool.note import read_note, write_note
from audio_stream.domain.errors import RecordingGone, StorageFailed, StorageFull
from audio_stream.usecases.ports import Spool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from audio_stream.adapters.files import Files
    from audio_stream.domain.ids import RecordingId
    from audio_stream.domain.recordings import Recording
    from audio_stream.usecases.ports import SpoolFile

_log = structlog.get_logger()

_PIECE_BYTES = 256 * 1024
_THREADS = 16
_R = TypeVar("_R")


class FolderSpool(Spool):
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

    async def __aenter__(self) -> Self:
        """Make the folder and remove what an earlier crash left half-written in it."""
        await self._run(self._sweep)
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

    async def annotate(self, recording: Recording) -> None:
        """Replace the recording's note."""
        note = self._note_path(recording.id)
        await self._run(self._files.write_atomically, note, write_note(recording))

    async def open(self, recording_id: RecordingId) -> SpoolFile:
        """Open a recording's file for appending."""
        try:
            descriptor, size_bytes = await self._run(self._open, recording_id)
        except StorageFailed as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise RecordingGone(recording_id) from error
            raise
        return FolderSpoolFile(
            descriptor, size_bytes, files=self._files, threads=self._threads, fsync=self._fsync
        )

    async def remove(self, recording_id: RecordingId) -> None:
        """Remove the bytes, then the note: a note alone promises nothing."""
        await self._run(self._remove, recording_id)

    async def list_recordings(self) -> Sequence[Recording]:
        """Return the noted recordings whose bytes are there, oldest first."""
        return await self._run(self._list)

    def path(self, recording_id: RecordingId) -> Path:
        """Return where the recording's bytes lie."""
        return self._folder / f"{recording_id}.audio"

    async def size_bytes(self, recording_id: RecordingId) -> int | None:
        """Return the size of the recording's file."""
        return await self._run(self._size, recording_id)

    async def read(self, recording_id: RecordingId) -> AsyncIterator[bytes]:
        """Yield the recording's bytes."""
        descriptor = await self._run(self._files.open_read, self.path(recording_id))
        try:
            start = 0
            while piece := await self._run(self._files.read_at, descriptor, start, _PIECE_BYTES):
                yield piece
                start += len(piece)
        finally:
            self._files.close(descriptor)

    async def copy(self, recording_id: RecordingId, target: Path, size_bytes: int) -> None:
        """Copy the first bytes of the recording's file."""
        await self._run(self._copy, recording_id, target, size_bytes)

    def _note_path(self, recording_id: RecordingId) -> Path:
        return self._folder / f"{recording_id}.json"

    async def _run(self, function: Callable[..., _R], *arguments: object) -> _R:
        loop = asyncio.get_running_loop()
        with storage_errors():
            return await loop.run_in_executor(self._threads, partial(function, *arguments))

    def _sweep(self) -> None:
        self._files.make_folder(self._folder)
        for name, is_folder in self._files.names(self._folder):
            if name.startswith("~") and not is_folder:
                self._files.remove(self._folder / name)

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
            try:
                self._files.remove(path)
            except FileNotFoundError:
                continue
        self._files.sync_folder(self._folder)

    def _list(self) -> list[Recording]:
        names = {name for name, _ in self._files.names(self._folder)}
        recordings = []
        for name in names:
            if not name.endswith(".json") or name.removesuffix(".json") + ".audio" not in names:
                continue
            try:
                recordings.append(read_note((self._folder / name).read_bytes()))
            except ValueError as error:  # one bad note must not hide the other recordings
                _log.warning("note in the spool cannot be read", note=name, reason=str(error))
        return sorted(recordings, key=lambda recording: recording.started_at)

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
