"""The app on S3: away for hours, and all that is left when its own disk is lost."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp.test_utils import TestClient, TestServer
from dependency_injector import providers

from audio_stream.infrastructure import background, resuming
from audio_stream.infrastructure.app import make_app
from audio_stream.infrastructure.container import Container
from audio_stream.infrastructure.settings import Settings
from fakes.fault_proxy import FaultProxy, resets
from fakes.memory_media import MemoryMediaTool
from fakes.sounds import ogg, webm
from served import Product

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fakes.moto_server import Bucket

SOUND = ogg(3000)
HOURS = 10**9


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (background, resuming):
        monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.02)
        monkeypatch.setattr(module, "_LONGEST_PAUSE_S", 0.05)


@pytest.fixture
async def proxy(bucket: Bucket) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(bucket.url) as proxy:
        yield proxy


@asynccontextmanager
async def serving(folder: Path, bucket: Bucket, proxy: FaultProxy) -> AsyncIterator[Product]:
    media = MemoryMediaTool()
    settings = Settings(
        data_dir=folder,
        disk_reserve=0,
        shutdown_timeout_s=0.5,
        media_persist_s3_bucket_name=bucket.name,
        upload_workers=2,
    )
    container = Container(
        settings=settings,
        media=providers.Object(media),
        s3_options=providers.Object(bucket.options(endpoint_url=proxy.url, attempts=1)),
    )
    async with TestClient(TestServer(make_app(container))) as client:
        yield Product(container, client, media)


@pytest.fixture
async def product(tmp_path: Path, bucket: Bucket, proxy: FaultProxy) -> AsyncIterator[Product]:
    async with serving(tmp_path, bucket, proxy) as product:
        yield product


@pytest.fixture
async def product_begun_without_s3(
    tmp_path: Path, bucket: Bucket, proxy: FaultProxy
) -> AsyncIterator[Product]:
    proxy.plan(resets, times=HOURS)
    async with serving(tmp_path, bucket, proxy) as product:
        yield product


async def test_recording_and_live_go_on_while_s3_is_away_and_all_is_stored_afterwards(
    product_begun_without_s3: Product, proxy: FaultProxy, bucket: Bucket
) -> None:
    product = product_begun_without_s3
    first = await product.begin(len(SOUND))
    assert (await product.append(first, 0, SOUND)).status == 204
    await proxy.came("^HEAD .*/originals/", 3)
    assert (await product.json("/readyz"))["status"] == "degraded"

    live = await product.begin()
    sound = webm()
    assert (await product.append(live, 0, sound)).status == 204
    async with product.client.get("/live/main?backlog=5") as heard:
        assert heard.status == 200
        assert await heard.content.readexactly(4) == sound[:4]
    assert (await product.append(live, len(sound), Upload_Length=str(len(sound)))).status == 204

    proxy.mend()
    for path in (first, live):
        await product.until(path.replace("recordings", "tracks"), state="ready")
    assert len(bucket.keys("audio-stream-files/originals/")) == 2
    answer = await product.client.get(first.replace("/api/recordings", "/tracks") + "/audio")
    assert await answer.read() == SOUND
    await product.until("/readyz", status="ready")
    async with asyncio.timeout(60):
        while await product.container.spool().list_recordings():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def test_a_track_that_cannot_be_fetched_now_says_so_and_when_to_ask_again(
    product: Product, proxy: FaultProxy
) -> None:
    track_id = await product.record(SOUND)
    proxy.plan(resets, times=HOURS)
    answer = await product.client.get(f"/tracks/{track_id}/audio")
    assert answer.status == 503
    assert "storage is away" in (await answer.json(content_type=None))["detail"]


async def test_on_a_new_disk_the_library_comes_back_from_the_bucket(
    tmp_path: Path, bucket: Bucket, proxy: FaultProxy
) -> None:
    async with serving(tmp_path / "first", bucket, proxy) as product:
        ids = [await product.record(SOUND, title=f"Number {number}") for number in range(3)]
        tracks = [await product.json(f"/api/tracks/{track_id}") for track_id in ids]
    async with serving(tmp_path / "second", bucket, proxy) as product:
        for track_id, track in zip(ids, tracks, strict=True):
            await product.until(f"/api/tracks/{track_id}", **track)
        part = await product.client.get(f"/tracks/{ids[0]}/audio", headers={"Range": "bytes=9-99"})
        assert part.status == 206
        assert await part.read() == SOUND[9:100]


async def test_a_rebuilding_that_s3_interrupts_is_finished_when_it_is_back(
    tmp_path: Path, bucket: Bucket, proxy: FaultProxy
) -> None:
    async with serving(tmp_path / "first", bucket, proxy) as product:
        ids = [await product.record(SOUND) for _ in range(3)]
    proxy.plan(resets, on=f"^GET .*/tracks/{sorted(ids)[1]}", times=HOURS)
    async with serving(tmp_path / "second", bucket, proxy) as product:
        new_id = await product.record(SOUND)  # the catalog is empty no more
        await proxy.came(f"^GET .*/tracks/{sorted(ids)[1]}", 2)
        proxy.mend()
        for track_id in (*ids, new_id):
            async with asyncio.timeout(60):
                while (await product.client.get(f"/api/tracks/{track_id}")).status != 200:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.01)
