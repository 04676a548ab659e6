"""A disk that takes its time: listeners and sources that keep their sound do not wait for it."""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING

import pytest
from dependency_injector import providers

from audio_stream.adapters.http import recordings_controller
from fakes.sounds import ogg
from fakes.troubled_files import TroubledFiles
from served import problem_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from served import Product, Serve

SOUND = ogg(3000)
ASYNC = {"Prefer": "respond-async, wait=10"}


@pytest.fixture
def files() -> TroubledFiles:
    return TroubledFiles()


@pytest.fixture
async def product(serve: Serve, files: TroubledFiles) -> AsyncIterator[Product]:
    product = await serve(files=providers.Object(files))
    yield product
    files.may_end.set()


async def test_who_prefers_so_is_answered_before_the_disk_is_done(
    product: Product, files: TroubledFiles
) -> None:
    path = await product.begin(live="false")
    response = await product.append(path, 0, SOUND[:1000], **ASYNC)
    assert response.headers["Preference-Applied"] == "respond-async"
    assert await product.offset(path) == 1000
    files.may_end.clear()
    for offset in (1000, 1500):
        response = await product.append(path, offset, SOUND[offset : offset + 500], **ASYNC)
        assert response.status == 202
        assert response.headers["Upload-Offset"] == "1000", "only what is kept is acknowledged"
    files.may_end.set()
    assert await product.offset(path) == 2000
    response = await product.append(path, 2000, SOUND[2000:], Upload_Length="3000", **ASYNC)
    assert (response.status, response.headers["Upload-Offset"]) == (204, "3000")


async def test_a_disk_that_is_done_in_time_is_waited_for(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recordings_controller, "_PATIENCE_S", 20)
    path = await product.begin(live="false")
    response = await product.append(path, 0, SOUND[:1000], **ASYNC)
    assert (response.status, response.headers["Upload-Offset"]) == (204, "1000")


async def test_all_others_wait_for_it(product: Product, files: TroubledFiles) -> None:
    path = await product.begin(live="false")
    files.may_end.clear()
    request = asyncio.ensure_future(product.append(path, 0, SOUND[:1000]))
    await asyncio.sleep(0.1)
    assert not request.done()
    files.may_end.set()
    response = await request
    assert (response.status, response.headers["Upload-Offset"]) == (204, "1000")
    assert "Preference-Applied" not in response.headers


async def test_a_sync_that_fails_after_its_answer_is_told_with_the_next_chunk(
    product: Product, files: TroubledFiles
) -> None:
    path = await product.begin(live="false")
    await product.append(path, 0, SOUND[:1000])
    files.may_end.clear()
    assert (await product.append(path, 1000, SOUND[1000:2000], **ASYNC)).status == 202
    files.next_sync_fails = errno.EIO
    files.may_end.set()
    problem = await problem_of(await product.append(path, 2000, SOUND[2000:]), 500)
    assert "Input/output error" in problem["detail"]
    failed = await product.json(path)
    assert (failed["state"], failed["size_bytes"]) == ("failed", 1000)


async def test_a_source_that_comes_back_is_told_what_is_kept(
    product: Product, files: TroubledFiles
) -> None:
    path = await product.begin(live="false")
    files.may_end.clear()
    assert (await product.append(path, 0, SOUND[:1000], **ASYNC)).status == 202
    asking = asyncio.ensure_future(product.offset(path))
    await asyncio.sleep(0.1)
    assert not asking.done(), "an offset that is told is kept"
    files.may_end.set()
    assert await asking == 1000
