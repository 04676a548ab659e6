"""A disk that is full or fails: the source is told, and everything else goes on."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest
from dependency_injector import providers

from fakes.sounds import ogg, webm
from fakes.troubled_files import TroubledFiles
from served import problem_of

if TYPE_CHECKING:
    from served import Product, Serve

SOUND = ogg(100_000)


@pytest.fixture
def files() -> TroubledFiles:
    return TroubledFiles()


@pytest.fixture
async def product(serve: Serve, files: TroubledFiles) -> Product:
    return await serve(files=providers.Object(files))


async def test_a_full_disk_refuses_the_chunk_and_takes_it_later(
    product: Product, files: TroubledFiles
) -> None:
    path = await product.begin(len(SOUND))
    assert (await product.append(path, 0, SOUND[:1000])).status == 204
    files.writes_fail = errno.ENOSPC
    await problem_of(await product.append(path, 1000, SOUND[1000:]), 507)
    assert await product.offset(path) == 1000
    files.writes_fail = None
    assert (await product.append(path, 1000, SOUND[1000:])).status == 204
    assert await product.stored(path) == SOUND


async def test_on_a_full_disk_tracks_still_play_and_sound_is_still_heard(
    product: Product, files: TroubledFiles
) -> None:
    track_id = await product.record(SOUND)
    path = await product.begin(station="main")
    await product.append(path, 0, webm(100)[:2000])
    files.writes_fail = errno.ENOSPC
    await problem_of(await product.append(path, 2000, webm(100)[2000:]), 507)
    played = await product.client.get(f"/tracks/{track_id}/audio")
    assert await played.read() == SOUND
    assert (await product.json("/api/stations"))["stations"][0]["live"] is True


async def test_a_disk_that_fails_to_write_is_told_and_met_again(
    product: Product, files: TroubledFiles
) -> None:
    path = await product.begin(len(SOUND))
    files.writes_fail = errno.EIO
    await problem_of(await product.append(path, 0, SOUND), 500)
    files.writes_fail = None
    assert (await product.append(path, 0, SOUND)).status == 204


async def test_a_failed_sync_fails_the_recording_with_the_reason(
    product: Product, files: TroubledFiles
) -> None:
    path = await product.begin(len(SOUND))
    assert (await product.append(path, 0, SOUND[:1000])).status == 204
    files.next_sync_fails = errno.EIO
    problem = await problem_of(await product.append(path, 1000, SOUND[1000:]), 500)
    assert os.strerror(errno.EIO) in problem["detail"]
    failed = await product.json(path)
    assert (failed["state"], failed["reason"]) == ("failed", problem["detail"])
    await problem_of(await product.append(path, 1000, SOUND[1000:]), 410)
    readiness = await product.json("/readyz")
    assert readiness["status"] == "degraded"
    assert os.strerror(errno.EIO) in readiness["reasons"][0]
    await product.settle()
    (track,) = (await product.json("/api/tracks"))["tracks"]
    assert track["incomplete"] is True
