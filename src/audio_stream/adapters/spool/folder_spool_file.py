"""One open file of the spool: appends, and the promise that they are kept."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from audio_stream.adapters.files import storage_errors
from audio_stream.domain.errors import SyncFailed
from audio_stream.usecases.ports import SpoolFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from audio_stream.adapters.files import Files

SYNC_INTERVAL_S = 1.0


class Fsync(StrEnum):
    """When appended bytes are made to survive a power loss."""

    ALWAYS = "always"
    """Before each acknowledgement."""
    INTERVAL = "interval"
    """At most a second after it."""
    OFF = "off"
    """When the operating system likes. A killed process still loses nothing."""


class FolderSpoolFile(SpoolFile):
    """A file, its size, and whether it can still be trusted."""

    def __init__(
        self,
        descriptor: int,
        size_bytes: int,
        *,
        files: Files,
        threads: Executor,
        fsync: Fsync,
        on_growth: Callable[[int], object],
        on_failure: Callable[[str], object],
    ) -> None:
        self._descriptor = descriptor
        self._size_bytes = size_bytes
        self._files = files
        self._threads = threads
        self._fsync = fsync
        self._on_growth = on_growth
        self._on_failure = on_failure
        # What it held when it was opened may not have been synced before the crash.
        self._unsynced = size_bytes > 0
        self._kept_bytes = size_bytes
        """What is known to be on the disk, or was there before: less than this it never gets."""
        self._broken: str | None = None
        self._writing = threading.Lock()
        """Nothing is written behind what a failed sync cuts off."""
        self._later: asyncio.TimerHandle | None = None
        self._syncing: asyncio.Task[None] | None = None
        """One sync at a time: of two, the kernel would tell only one of an error."""

    @property
    def size_bytes(self) -> int:
        """How many bytes it holds."""
        return self._size_bytes

    @property
    def kept_bytes(self) -> int:
        """What was synced; all of it where an acknowledgement does not wait for that."""
        return self._kept_bytes if self._fsync is Fsync.ALWAYS else self._size_bytes

    async def append(self, data: bytes, *, sync: bool) -> None:
        """Write `data` at the end, and sync in the same trip to a thread."""
        self._check()
        sync_now = sync and self._fsync is Fsync.ALWAYS and self._syncing is None
        if data:
            self._unsynced = True
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._threads, partial(self._append, data, sync=sync_now))
        except SyncFailed as error:
            self._give_up(error)
            raise
        self._check()  # a sync that ran beside it may have cut it off
        self._grow(len(data))
        if sync_now:
            self._unsynced = False
            self._kept_bytes = self._size_bytes
            return
        if data:
            self._unsynced = True  # again: a sync that began meanwhile may not have met it
        if sync:
            await self.sync()

    async def sync(self, *, within_s: float | None = None) -> None:
        """Sync now, or soon, or not at all, as the setting says."""
        self._check()
        if not self._unsynced and self._syncing is None:
            return
        if self._fsync is Fsync.INTERVAL:
            self._sync_soon()
        elif self._fsync is Fsync.ALWAYS:
            syncing = self._begin_sync()
            await asyncio.wait([syncing], timeout=within_s)
            if syncing.done():
                syncing.result()
            self._check()

    async def close(self) -> None:
        """Sync what an interval still owes, and close."""
        if self._later is not None:
            self._later.cancel()
        if self._unsynced and self._fsync is Fsync.INTERVAL:
            self._begin_sync()
        if self._syncing is not None:
            await asyncio.wait([self._syncing])
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            self._files.let_go(descriptor)

    def _begin_sync(self) -> asyncio.Task[None]:
        """Return what ends when nothing is unsynced, or `_broken` says why that cannot be."""
        self._later = None
        if self._syncing is None:
            self._syncing = asyncio.get_running_loop().create_task(self._sync_all())
        return self._syncing

    async def _sync_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._unsynced and self._broken is None:
                self._unsynced = False
                size_bytes = self._size_bytes
                await loop.run_in_executor(self._threads, self._sync)
                self._kept_bytes = size_bytes
        except SyncFailed as error:
            self._give_up(error)  # whoever asks next is told
        finally:
            self._syncing = None

    def _grow(self, by_bytes: int) -> None:
        self._size_bytes += by_bytes
        self._on_growth(by_bytes)

    def _give_up(self, error: SyncFailed) -> None:
        self._on_failure(error.detail)
        if self._fsync is Fsync.ALWAYS:
            self._grow(self._kept_bytes - self._size_bytes)

    def _sync_soon(self) -> None:
        if self._later is None:
            loop = asyncio.get_running_loop()
            self._later = loop.call_later(SYNC_INTERVAL_S, self._begin_sync)

    def _check(self) -> None:
        if self._broken is not None:
            # The kernel may report an fsync error once and forget it: it is never tried again.
            raise SyncFailed(self._broken)

    def _append(self, data: bytes, *, sync: bool) -> None:
        with self._writing:
            if self._broken is not None:
                return
            try:
                with storage_errors():
                    self._files.write_all(self._descriptor, data)
            except Exception:
                self._cut_back()
                raise
        if sync:
            self._sync()

    def _cut_back(self) -> None:
        """Take half a write back: the offset told must stay the file's size."""
        try:
            self._files.truncate(self._descriptor, self._size_bytes)
        except OSError as error:
            self._broken = error.strerror or str(error)

    def _sync(self) -> None:
        try:
            self._files.sync_data(self._descriptor)
        except OSError as error:
            with self._writing:
                self._broken = error.strerror or os.strerror(error.errno or 0)
                if self._fsync is Fsync.ALWAYS:
                    # The kernel takes the bytes for written now, and would tell the next process
                    # so. None of them was acknowledged.
                    with suppress(OSError):
                        self._files.truncate(self._descriptor, self._kept_bytes)
            raise SyncFailed(self._broken) from error
