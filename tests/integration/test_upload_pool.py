"""Upload workers come, work, are killed and go; no file is lost over it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.blob.s3 import S3BlobStore
from audio_stream.adapters.blob.s3_content import PART_BYTES
from audio_stream.adapters.blob.s3_target import Target
from audio_stream.domain.errors import StorageAway, StorageFailed
from audio_stream.domain.events import UploadProgressed
from audio_stream.infrastructure import upload_pool
from audio_stream.infrastructure.fork_server import ForkServer
from audio_stream.infrastructure.upload_pool import UploadPool, UploadStatus
from contracts.blob_store_contract import stored
from fakes.fault_proxy import Exchange, FaultProxy, answers, hangs, stalls_upload
from fakes.memory_events import MemoryEvents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fakes.moto_server import Bucket

SMALL = b"small" * 100_000
LARGE = bytes(range(256)) * (PART_BYTES // 256) * 2 + b"end"
IDLE = UploadStatus(
    queued=0,
    busy_workers=0,
    idle_workers=0,
    stored_files=0,
    stored_bytes=0,
    failures=0,
    lost_workers=0,
)


@pytest.fixture
async def proxy(bucket: Bucket) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(bucket.url) as proxy:
        yield proxy


@pytest.fixture
async def pool(bucket: Bucket, proxy: FaultProxy) -> AsyncIterator[UploadPool]:
    options = bucket.options(endpoint_url=proxy.url, read_timeout_s=60.0)
    async with UploadPool(options, workers=3) as pool:
        yield pool


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small"
    path.write_bytes(SMALL)
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    return path


async def upload(pool: UploadPool, source: Path, key: str) -> None:
    await pool.upload(source, Target(key=key, mime_type="audio/webm"), lambda *_: None)


def workers_of(pool: UploadPool) -> set[int]:
    """Return the ids of the worker processes."""
    assert pool._server
    found = subprocess.run(
        ["pgrep", "-P", str(pool._server._process.pid)],  # noqa: S607 - wherever it lies
        capture_output=True,
        text=True,
        check=False,
    )
    return {int(line) for line in found.stdout.split()}


async def test_no_process_starts_before_there_is_work(pool: UploadPool) -> None:
    assert pool._server is None
    assert pool.status() == IDLE


async def test_the_blob_store_sends_files_through_it_and_bytes_past_it(
    bucket: Bucket, pool: UploadPool, small: Path, large: Path
) -> None:
    events = MemoryEvents()
    track = "0123456789abcdef" * 2
    async with S3BlobStore(bucket.options(), events=events, uploads=pool) as store:
        await store.put(f"originals/{track}/a.webm", large, mime_type="audio/webm")
        await store.put("b", small, mime_type="audio/webm", labels={"title": "A"})
        await store.put("tracks/1.json", b"bytes", mime_type="application/json")
        assert await stored(store, f"originals/{track}/a.webm") == LARGE
        assert await stored(store, "b") == SMALL
        assert bucket.head("b")["Metadata"] == {"title": "A"}
    status = pool.status()
    assert (status.stored_files, status.stored_bytes) == (2, len(LARGE) + len(SMALL))
    first = events.published[0]
    assert isinstance(first, UploadProgressed)
    assert (first.track_id, first.size_bytes) == (track, len(LARGE))


async def test_many_files_share_few_processes(
    bucket: Bucket, pool: UploadPool, small: Path
) -> None:
    await asyncio.gather(*(upload(pool, small, f"a/{number}") for number in range(12)))
    assert len(bucket.keys()) == 12
    assert len(workers_of(pool)) == pool.status().idle_workers == 3


async def test_one_file_after_the_other_needs_one_process(pool: UploadPool, small: Path) -> None:
    for number in range(3):
        await upload(pool, small, f"a/{number}")
    assert pool.status().idle_workers == 1


async def test_what_finds_no_worker_free_is_queued(
    pool: UploadPool, proxy: FaultProxy, small: Path
) -> None:
    proxy.plan(hangs, times=100)
    uploads = [asyncio.create_task(upload(pool, small, f"a/{number}")) for number in range(5)]
    await proxy.came("^HEAD", 3)
    assert (pool.status().queued, pool.status().busy_workers) == (2, 3)
    for task in uploads:
        task.cancel()
    await asyncio.gather(*uploads, return_exceptions=True)
    assert pool.status() == IDLE


async def test_idle_workers_end_and_come_again(
    bucket: Bucket, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers: list[ForkServer] = []
    start = ForkServer.start

    async def start_and_tell(module: str, argument: str) -> ForkServer:
        servers.append(await start(module, argument))
        return servers[-1]

    monkeypatch.setattr(ForkServer, "start", start_and_tell)
    async with UploadPool(bucket.options(), workers=3, idle_s=0.01) as pool:
        for round_ in range(2):
            await asyncio.gather(*(upload(pool, small, f"{round_}/{n}") for n in range(3)))
            assert servers
            for server in servers:
                await server._process.wait()  # which ends after the last of its workers
            assert pool.status().idle_workers == 0
    assert len(bucket.keys()) == 6


async def test_a_killed_worker_costs_only_its_own_job_another_try(
    bucket: Bucket, pool: UploadPool, proxy: FaultProxy, large: Path
) -> None:
    proxy.plan(stalls_upload, on="PUT .*/victim.*partNumber=1")
    proxy.plan(stalls_upload, on="PUT .*/other.*partNumber=1")
    victim = asyncio.create_task(upload(pool, large, "victim"))
    await proxy.came("PUT .*/victim.*partNumber=1")
    doomed = workers_of(pool)
    other = asyncio.create_task(upload(pool, large, "other"))
    await proxy.came("PUT .*/other.*partNumber=1")
    others = workers_of(pool) - doomed
    for worker in doomed:
        os.kill(worker, signal.SIGKILL)
    await victim
    assert pool.status().lost_workers == 1
    assert workers_of(pool) >= others
    assert not other.done()
    other.cancel()
    await asyncio.gather(other, return_exceptions=True)
    assert bucket.bytes_of("victim") == LARGE
    assert proxy.count("^POST .*/victim.*uploads") == 2


async def test_when_the_process_that_forks_is_killed_the_next_upload_starts_another(
    bucket: Bucket, pool: UploadPool, small: Path
) -> None:
    await upload(pool, small, "before")
    assert pool._server
    os.killpg(pool._server._process.pid, signal.SIGKILL)
    await pool._server._process.wait()
    await upload(pool, small, "after")
    assert bucket.bytes_of("after") == SMALL


async def test_workers_are_deaf_to_what_the_terminal_and_the_system_tell_the_program(
    bucket: Bucket, pool: UploadPool, proxy: FaultProxy, small: Path
) -> None:
    go_on = asyncio.Event()

    async def waits(exchange: Exchange) -> None:
        await go_on.wait()
        await exchange.pass_on()

    proxy.plan(waits, on="^PUT")
    uploading = asyncio.create_task(upload(pool, small, "a"))
    await proxy.came("^PUT")
    assert pool._server
    assert os.getpgid(pool._server._process.pid) != os.getpgrp()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.killpg(pool._server._process.pid, number)
    go_on.set()
    await uploading
    assert pool.status().lost_workers == 0
    assert bucket.bytes_of("a") == SMALL


async def test_a_cancelled_upload_is_aborted_and_the_pool_goes_on(
    bucket: Bucket, pool: UploadPool, proxy: FaultProxy, large: Path, small: Path
) -> None:
    proxy.plan(stalls_upload, on="partNumber=2")
    uploading = asyncio.create_task(upload(pool, large, "a"))
    await proxy.came("partNumber=2")
    uploading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await uploading
    await proxy.came("^DELETE")
    await upload(pool, small, "b")
    assert bucket.keys() == ["audio-stream-files/b"]


async def test_the_end_of_the_pool_aborts_what_is_under_way(
    bucket: Bucket, proxy: FaultProxy, large: Path
) -> None:
    async with UploadPool(bucket.options(endpoint_url=proxy.url), workers=3) as pool:
        proxy.plan(stalls_upload, on="partNumber=2")
        uploading = asyncio.create_task(upload(pool, large, "a"))
        await proxy.came("partNumber=2")
        uploading.cancel()
    assert bucket.unfinished_uploads() == []


async def test_a_refusal_of_s3_fails_the_job_and_spares_the_worker(
    pool: UploadPool, proxy: FaultProxy, small: Path
) -> None:
    proxy.plan(answers(403, "AccessDenied"), on="^PUT")
    with pytest.raises(StorageAway, match="AccessDenied"):
        await upload(pool, small, "a")
    assert (pool.status().failures, pool.status().idle_workers) == (1, 1)
    await upload(pool, small, "a")


async def test_a_file_that_is_not_there_is_not_blamed_on_s3(
    pool: UploadPool, tmp_path: Path
) -> None:
    with pytest.raises(StorageFailed, match="No such file") as caught:
        await upload(pool, tmp_path / "missing", "a")
    assert not isinstance(caught.value, StorageAway)


async def test_a_job_that_every_worker_dies_of_is_given_up(
    pool: UploadPool, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_pool, "_WORKER_MODULE", "this")  # it prints its poem and ends
    with pytest.raises(StorageAway, match="in a row ended"):
        await upload(pool, small, "a")
    assert (pool.status().failures, pool.status().busy_workers) == (1, 0)
