"""Uploads by processes of their own: the listeners' event loop has nothing to do with them."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

from audio_stream.adapters.blob.s3_upload import FileUploads, Report
from audio_stream.domain.errors import StorageAway, StorageFailed
from audio_stream.infrastructure.fork_server import ForkServer
from audio_stream.infrastructure.upload_job import (
    Failed,
    Job,
    Sent,
    Stored,
    read_message,
    write_message,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from audio_stream.adapters.blob.s3_client import S3Options
    from audio_stream.adapters.blob.s3_target import Target

_WORKER_MODULE = "audio_stream.infrastructure.upload_worker"

_WORKERS_A_JOB = 4
"""How many may be lost over one job before it counts as failed."""


@dataclass(frozen=True, slots=True)
class UploadStatus:
    """What the pool is doing, and has done since the program started."""

    queued: int
    busy_workers: int
    idle_workers: int
    stored_files: int
    stored_bytes: int
    failures: int
    lost_workers: int


class UploadPool(FileUploads):
    """Stores files through up to `workers` processes, each with a client of its own.

    They start when they are needed and end when they were idle for `idle_s`. One that is killed
    costs its own job another try, and nobody else anything. Enter it before use.
    """

    def __init__(self, options: S3Options, *, workers: int, idle_s: float = 60.0) -> None:
        self._options = options
        self._idle_s = idle_s
        self._places = asyncio.Semaphore(workers)
        self._starting = asyncio.Lock()
        self._server: ForkServer | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._workers: set[_Worker] = set()
        self._idle: list[_Worker] = []
        self._queued = 0
        self._stored_files = 0
        self._stored_bytes = 0
        self._failures = 0
        self._lost_workers = 0

    async def __aenter__(self) -> Self:
        """Start nothing yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the workers; what they have begun they abort."""
        for worker in list(self._workers):
            self._end(worker)
        self._end_server()
        await asyncio.gather(*self._ending)

    def status(self) -> UploadStatus:
        """Return the figures of this moment."""
        return UploadStatus(
            queued=self._queued,
            busy_workers=len(self._workers) - len(self._idle),
            idle_workers=len(self._idle),
            stored_files=self._stored_files,
            stored_bytes=self._stored_bytes,
            failures=self._failures,
            lost_workers=self._lost_workers,
        )

    async def upload(self, source: Path, target: Target, report: Report) -> None:
        """Give it to a worker, and to another if that one is lost."""
        job = Job(str(source), target.key, target.mime_type, dict(target.labels))
        self._queued += 1
        try:
            await self._places.acquire()
        finally:
            self._queued -= 1
        try:
            stored = await self._do(job, report)
        except StorageFailed:
            self._failures += 1
            raise
        finally:
            self._places.release()
        self._stored_files += 1
        self._stored_bytes += stored.size_bytes

    async def _do(self, job: Job, report: Report) -> Stored:
        for lost in range(_WORKERS_A_JOB):
            await asyncio.sleep(lost * random.random())  # noqa: S311 - jitter is no secret
            try:
                async with self._worker() as worker:
                    return await worker.do(job, report)
            except (EOFError, OSError):
                self._lost_workers += 1
        raise StorageAway(f"{_WORKERS_A_JOB} upload processes in a row ended over {job.key}.")

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[_Worker]:
        worker = self._take_idle() or await self._start()
        try:
            yield worker
        except StorageFailed:
            self._keep(worker)
            raise
        except BaseException:
            self._end(worker)
            raise
        self._keep(worker)

    def _take_idle(self) -> _Worker | None:
        """Return the one that was idle for the shortest time: so the others may end."""
        while self._idle:
            worker = self._idle.pop()
            worker.retirement.cancel()
            if not worker.has_ended:
                return worker
            self._end(worker)
        return None

    async def _start(self) -> _Worker:
        async with self._starting:
            if self._server is not None and not self._server.is_running:
                self._end_server()
            if self._server is None:
                options = json.dumps(asdict(self._options))
                self._server = await ForkServer.start(_WORKER_MODULE, options)
            try:
                worker = _Worker(*await self._server.fork())
            except OSError:
                self._end_server()
                raise
        self._workers.add(worker)
        return worker

    def _keep(self, worker: _Worker) -> None:
        loop = asyncio.get_running_loop()
        worker.retirement = loop.call_later(self._idle_s, self._retire, worker)
        self._idle.append(worker)

    def _retire(self, worker: _Worker) -> None:
        self._idle.remove(worker)
        self._end(worker)

    def _end(self, worker: _Worker) -> None:
        worker.close()
        self._workers.discard(worker)
        if not self._workers and not self._starting.locked():
            self._end_server()

    def _end_server(self) -> None:
        if self._server is not None:
            ending = asyncio.create_task(self._server.close())
            self._server = None
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)


class _Worker:
    """A worker as the pool sees it: a connection."""

    retirement: asyncio.TimerHandle

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def has_ended(self) -> bool:
        """Whether its process is known to be gone."""
        return self._reader.at_eof()

    async def do(self, job: Job, report: Report) -> Stored:
        """Have the job done. Raises EOFError or OSError if the worker is lost, StorageFailed."""
        self._writer.write(write_message(job))
        while True:
            line = await self._reader.readuntil(b"\n")
            match read_message(line):
                case Sent(sent_bytes, size_bytes):
                    report(sent_bytes, size_bytes)
                case Stored() as stored:
                    return stored
                case Failed(away, detail):
                    raise StorageAway(detail) if away else StorageFailed(detail)

    def close(self) -> None:
        """Let it go: it aborts what it is doing and ends."""
        self._writer.close()
