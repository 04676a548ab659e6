"""PATCH: sources that fall silent, and come back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fakes.sounds import ogg, webm
from raw_patch import RawPatch
from served import TUS, problem_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from audio_stream.usecases.ports import Finalised
    from served import Product, Serve

SOUND = ogg(100_000)
LENGTH = f"Content-Length: {len(SOUND)}"


async def test_a_silent_body_ends_after_the_body_timeout(serve: Serve) -> None:
    product = await serve(body_timeout_s=0.2)
    path = await product.begin(len(SOUND))
    async with RawPatch(product, path, LENGTH, body=SOUND[:700]) as silent, asyncio.timeout(20):
        assert await silent.status() == 408
    assert await product.offset(path) == 700


async def test_a_half_open_connection_locks_out_nobody(serve: Serve) -> None:
    product = await serve(body_timeout_s=60)
    path = await product.begin(len(SOUND))
    async with RawPatch(product, path, LENGTH, body=SOUND[:700]) as half_open:
        await product.until(path, size_bytes=700)
        async with asyncio.timeout(20):
            assert await product.offset(path) == 700
            assert (await product.append(path, 700, SOUND[700:])).status == 204
        assert await half_open.status() == 423
    assert await product.stored(path) == SOUND


async def test_a_resumed_chunk_needs_no_head_to_take_the_turn(serve: Serve) -> None:
    product = await serve(body_timeout_s=60)
    path = await product.begin(len(SOUND))
    async with RawPatch(product, path, LENGTH, body=SOUND[:700]):
        await product.until(path, size_bytes=700)
        async with asyncio.timeout(20):
            assert (await product.append(path, 700, SOUND[700:])).status == 204
    assert await product.stored(path) == SOUND


async def test_an_interrupted_recording_becomes_a_track_and_can_be_completed(
    serve: Serve,
) -> None:
    product = await serve(silence_s=0.3)
    path = await product.begin()
    sound = webm(100)
    await product.append(path, 0, sound[:2000])
    await product.until(path, state="interrupted")
    await product.until_stored(path)
    assert (await product.json("/api/stations"))["stations"][0]["live"] is False
    (track,) = (await product.json("/api/tracks"))["tracks"]
    assert (track["incomplete"], track["state"]) == (True, "ready")
    assert await product.stored(path) == sound[:2000]
    assert await product.offset(path) == 2000
    response = await product.append(path, 2000, sound[2000:], Upload_Length=str(len(sound)))
    assert response.status == 204
    assert await product.stored(path) == sound
    (completed,) = (await product.json("/api/tracks"))["tracks"]
    assert (completed["id"], completed["incomplete"]) == (track["id"], False)


async def test_a_source_that_returns_while_its_track_is_made_disturbs_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = await serve(silence_s=0.3)
    path = await product.begin()
    sound = webm(100)
    finalise = product.media.finalise

    async def finalise_late(source: Path, target: Path) -> Finalised:
        monkeypatch.undo()
        assert (await product.append(path, 2000, sound[2000:3000])).status == 204
        return await finalise(source, target)

    monkeypatch.setattr(product.media, "finalise", finalise_late)
    await product.append(path, 0, sound[:2000])
    await product.until_stored(path)
    assert product.media.finalised[0] == sound[:2000]
    assert await product.offset(path) == 3000


async def test_a_returning_source_is_taken_though_its_station_is_another_ones(
    product: Product,
) -> None:
    first = await product.begin()
    sound = webm(100)
    await product.append(first, 0, sound[:2000])
    await product.fall_silent(first)
    second = await product.begin(title="The second")
    await product.append(second, 0, sound)
    assert (await product.append(first, 2000, sound[2000:], Upload_Length=str(len(sound)))).ok
    (station,) = (await product.json("/api/stations"))["stations"]
    assert station["title"] == "The second"
    assert await product.stored(first) == sound


async def test_a_source_that_stayed_away_too_long_is_told_so(serve: Serve) -> None:
    product = await serve(resume_window_s=0.01)
    path = await product.begin()
    assert (await product.append(path, 0, webm())).status == 204
    await product.fall_silent(path)
    await product.until_stored(path)
    await product.container.expire_recordings().execute()
    assert not await product.container.spool().list_recordings()
    await problem_of(await product.append(path, len(webm()), b"more"), 410)
    assert (await product.client.head(path, headers=TUS)).status == 410
    (track,) = (await product.json("/api/tracks"))["tracks"]
    assert (track["state"], track["incomplete"]) == ("ready", True)
