"""Clients that nobody here wrote upload through a connection that breaks, and lose nothing."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import aiotus
import pytest
import pytest_asyncio
from tusclient.client import TusClient

from fakes.fault_proxy import FaultProxy, cuts_answer, cuts_upload
from ffmpeg_probe import SAMPLES, packets
from integration.product import started

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHECKOUT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("tus-js-client.mjs")
SOUND = SAMPLES / "firefox-100ms.webm"
CUT_AFTER_BYTES = 30_000
CHUNK_BYTES = 64 * 1024


@pytest.fixture(scope="module")
def product() -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory() as folder,
        started([sys.executable, "-m", "audio_stream"], Path(folder)) as address,
    ):
        yield address


@pytest_asyncio.fixture(loop_scope="module")
async def proxy(product: str) -> AsyncIterator[FaultProxy]:
    """Give a network that breaks: once in a chunk, and once when it is to be acknowledged."""
    async with FaultProxy(product) as proxy:
        proxy.plan(cuts_upload(CUT_AFTER_BYTES), on="^PATCH")
        proxy.plan(cuts_answer(10), on="^PATCH")
        yield proxy


async def came_whole(product: str, proxy: FaultProxy, url: str, folder: Path) -> dict[str, Any]:
    """Check that the track has every packet that was sent, once; return it."""
    assert proxy.count("^POST") == 1
    assert proxy.count("^HEAD") >= 2, "after each break it asked where to go on"
    track_id = url.rsplit("/", 1)[1]
    async with aiohttp.ClientSession(product) as session:
        async with session.get(f"/api/recordings/{track_id}") as response:
            recording = await response.json()
        assert recording["state"] == "finished"
        assert recording["size_bytes"] == SOUND.stat().st_size
        track = await _made(session, f"/api/tracks/{track_id}")
        async with session.get(f"/tracks/{track_id}/audio") as response:
            stored = folder / "stored.webm"
            stored.write_bytes(await response.read())
    assert [one.content for one in packets(stored)] == [one.content for one in packets(SOUND)]
    return track


async def _made(session: aiohttp.ClientSession, path: str) -> dict[str, Any]:
    async with session.get("/api/events") as events:
        while True:
            async with session.get(path) as response:
                track: dict[str, Any] = await response.json()
            if track["state"] != "processing":
                assert track["state"] == "ready", track
                return track
            await events.content.readuntil(b"\r\n\r\n")


async def test_tuspy(product: str, proxy: FaultProxy, tmp_path: Path) -> None:
    client = TusClient(f"{proxy.url}/api/recordings")
    with SOUND.open("rb") as file:
        uploader = client.uploader(
            file_stream=file,
            chunk_size=CHUNK_BYTES,
            metadata={"title": "By tuspy"},
            retries=3,
            retry_delay=0,
        )
        await asyncio.to_thread(uploader.upload)
    track = await came_whole(product, proxy, str(uploader.url), tmp_path)
    assert track["title"] == "By tuspy"


async def test_tuspy_with_checksums_in_a_second_session(
    product: str, proxy: FaultProxy, tmp_path: Path
) -> None:
    client = TusClient(f"{proxy.url}/api/recordings")
    with SOUND.open("rb") as file:
        first = client.uploader(
            file_stream=file,
            chunk_size=32 * 1024,
            upload_checksum=True,
            retries=3,
            retry_delay=0,
        )
        await asyncio.to_thread(first.upload, stop_at=64 * 1024)
    with SOUND.open("rb") as file:
        second = await asyncio.to_thread(
            client.uploader, file_stream=file, url=first.url, upload_checksum=True
        )
        assert second.offset == 64 * 1024
        await asyncio.to_thread(second.upload)
    await came_whole(product, proxy, str(first.url), tmp_path)


async def test_aiotus(product: str, proxy: FaultProxy, tmp_path: Path) -> None:
    config = aiotus.RetryConfiguration(retry_attempts=5, max_retry_period_seconds=0.01)
    with SOUND.open("rb") as file:
        url = await aiotus.upload(
            f"{proxy.url}/api/recordings",
            file,
            metadata={"title": b"By aiotus"},
            config=config,
            chunksize=CHUNK_BYTES,
        )
    track = await came_whole(product, proxy, str(url), tmp_path)
    assert track["title"] == "By aiotus"
    told = await aiotus.metadata(str(url), config=config)
    assert told is not None
    assert told["title"] == b"By aiotus"


@pytest.mark.parametrize("how", ["file", "stream"])
async def test_tus_js_client(product: str, proxy: FaultProxy, tmp_path: Path, how: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("tus-js-client runs under Node, and there is no Node here")
    if not (CHECKOUT / "node_modules" / "tus-js-client").is_dir():
        pytest.skip("tus-js-client is not installed here: npm ci brings it")
    process = await asyncio.create_subprocess_exec(
        node,
        SCRIPT,
        f"{proxy.url}/api/recordings",
        SOUND,
        how,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    url, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    track = await came_whole(product, proxy, url.decode(), tmp_path)
    assert track["title"] == f"Sent as a {how}"
