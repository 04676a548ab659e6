"""The whole program on S3: killed where it hurts most, and started again."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from audio_stream.adapters.blob.s3_client import KEY_PREFIX
from fakes.fault_proxy import FaultProxy, hangs, stalls_upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fakes.moto_server import Bucket

SAMPLE = Path(__file__).parents[1] / "samples" / "chromium-100ms.webm"
SOUND = SAMPLE.read_bytes()
TUS = {"Tus-Resumable": "1.0.0"}
PATIENCE_S = 60


class Program:
    """The product as a process, with a client."""

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self.process = process
        self.http = aiohttp.ClientSession(address)

    @classmethod
    async def start(cls, folder: Path, bucket: Bucket, proxy: FaultProxy) -> Program:
        """Return it once it serves."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "audio_stream", "--port", "0", "--data-dir", folder),
            env=os.environ
            | {"MEDIA_PERSIST_S3_BUCKET_NAME": bucket.name, "AWS_ENDPOINT_URL": proxy.url},
            stdout=subprocess.PIPE,
        )
        assert process.stdout
        greeting = (await process.stdout.readline()).decode()
        address = re.search(r"http://localhost:\d+", greeting)
        assert address, greeting
        return cls(process, address[0])

    async def stop(self) -> None:
        """End it as Ctrl-C does."""
        await self.http.close()
        self.process.send_signal(signal.SIGINT)
        assert await self.process.wait() == 0

    async def kill(self) -> None:
        """End it as a crash does."""
        await self.http.close()
        self.process.kill()
        await self.process.wait()

    async def upload(self) -> str:
        """Upload a file; return its track's id."""
        headers = TUS | {
            "Upload-Length": str(len(SOUND)),
            "Content-Type": "application/offset+octet-stream",
        }
        async with self.http.post("/api/recordings", headers=headers, data=SOUND) as answer:
            assert answer.status == 201, await answer.text()
            return answer.headers["Location"].rpartition("/")[2]

    async def until_ready(self, track_id: str) -> None:
        """Return once the track plays. Asking is all that a client can do."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self._track(track_id))["state"] != "ready":  # noqa: ASYNC110 - as said
                await asyncio.sleep(0.05)

    async def _track(self, track_id: str) -> Any:  # noqa: ANN401 - JSON
        async with self.http.get(f"/api/tracks/{track_id}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


def descendants(process_id: int) -> set[int]:
    """Return the processes that stem from one, the workers and what forks them."""
    found = subprocess.run(
        ["pgrep", "-P", str(process_id)],  # noqa: S607 - wherever it lies
        capture_output=True,
        text=True,
        check=False,
    )
    children = {int(line) for line in found.stdout.split()}
    return children.union(*map(descendants, children))


def is_running(process_id: int) -> bool:
    """Tell whether it is there and not only waits to be forgotten."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process_id)],  # noqa: S607 - the same
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return bool(state.strip()) and not state.startswith("Z")


@pytest.fixture
async def proxy(bucket: Bucket) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(bucket.url) as proxy:
        yield proxy


async def becomes(condition: Callable[[], bool]) -> None:
    """Return once it holds; nobody tells."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - as said
            await asyncio.sleep(0.05)


async def test_killed_twice_at_work_it_stores_the_track_once_after_the_next_start(
    tmp_path: Path, bucket: Bucket, proxy: FaultProxy
) -> None:
    in_the_middle_of_the_upload, before_the_catalog_write = "^PUT .*/originals/", "^PUT .*/tracks/"
    proxy.plan(stalls_upload, on=in_the_middle_of_the_upload)
    proxy.plan(hangs, on=before_the_catalog_write)

    first = await Program.start(tmp_path, bucket, proxy)
    track_id = await first.upload()
    await proxy.came(in_the_middle_of_the_upload)
    orphans = descendants(first.process.pid)
    assert orphans
    await first.kill()

    second = await Program.start(tmp_path, bucket, proxy)
    await proxy.came(before_the_catalog_write)
    await second.kill()

    third = await Program.start(tmp_path, bucket, proxy)
    await third.until_ready(track_id)
    await becomes(lambda: not any(track_id in path.name for path in spooled(tmp_path)))
    await third.stop()

    assert proxy.count(in_the_middle_of_the_upload) == 2, "the third adopts what the second stored"
    (original,) = bucket.keys(f"{KEY_PREFIX}originals/")
    stored = bucket.bytes_of(original.removeprefix(KEY_PREFIX))
    assert Path(original).stem == hashlib.sha256(stored).hexdigest()[:16]
    await becomes(lambda: not any(map(is_running, orphans)))


def spooled(folder: Path) -> list[Path]:
    return list((folder / "spool").iterdir())
