"""One stored file, read in threads so that a slow disk never stops the event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from audio_stream.adapters.blob.keys import PIECE_BYTES
from audio_stream.adapters.files import storage_errors
from audio_stream.domain.errors import BlobNotFound, StorageFailed
from audio_stream.usecases.ports import Blob

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator
    from pathlib import Path

    from audio_stream.adapters.files import Files


class FileBlob(Blob):
    """A blob as it was found; what replaced it later under its key is another one."""

    def __init__(self, files: Files, path: Path, key: str, found: os.stat_result) -> None:
        self._files = files
        self._path = path
        self._key = key
        self._found = found

    @property
    def size_bytes(self) -> int:
        """How many bytes it has."""
        return self._found.st_size

    async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield the bytes; once the first has come, deletion does not stop the rest."""
        reader = _Reader(self._files, self._path, self._key, self._found)
        try:
            while length > 0:
                piece = await asyncio.to_thread(reader.read, start, min(length, PIECE_BYTES))
                start += len(piece)
                length -= len(piece)
                yield piece
        finally:
            reader.close()


class _Reader:
    """The open file of one `read`. Its thread may outlive the task that waited for it."""

    def __init__(self, files: Files, path: Path, key: str, found: os.stat_result) -> None:
        self._files = files
        self._path = path
        self._key = key
        self._identity = _identity(found)
        self._descriptor: int | None = None
        self._closed = False
        self._in_use = threading.Lock()

    def read(self, start: int, length: int) -> bytes:
        """Return the next bytes, at least one."""
        try:
            with self._in_use, storage_errors():
                piece = self._files.read_at(self._opened(), start, length)
        finally:
            if self._closed:
                self.close()
        if not piece:
            raise StorageFailed(f"{self._key} ends at byte {start}, before its time")
        return piece

    def close(self) -> None:
        """Let go of the file, now or as soon as the read under way is over. Never waits."""
        self._closed = True
        if self._in_use.acquire(blocking=False):
            try:
                if self._descriptor is not None:
                    self._files.let_go(self._descriptor)
                    self._descriptor = None
            finally:
                self._in_use.release()

    def _opened(self) -> int:
        if self._descriptor is None:
            try:
                self._descriptor = self._files.open_read(self._path)
            except (FileNotFoundError, NotADirectoryError) as error:
                raise BlobNotFound(self._key) from error
            if _identity(self._files.stat_open(self._descriptor)) != self._identity:
                raise BlobNotFound(self._key)
        return self._descriptor


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns
