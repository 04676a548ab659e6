"""The program stops and starts again, politely: what was under way goes on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from audio_stream.usecases.resume_work import ResumeWork
from fakes.sounds import ogg, webm

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from served import Product, Serve

SOUND = webm(200)


async def test_a_recording_goes_on_after_a_restart_byte_for_byte(serve: Serve) -> None:
    product = await serve()
    path = await product.begin(title="A song")
    await product.append(path, 0, SOUND[:3000])
    await product.client.close()
    again = await serve()
    assert await again.offset(path) == 3000
    status = await again.json(path)
    assert (status["state"], status["title"], status["on_air"]) == ("recording", "A song", False)
    response = await again.append(path, 3000, SOUND[3000:], Upload_Length=str(len(SOUND)))
    assert response.status == 204
    await again.until_stored(path)
    track = path.replace("/api/recordings/", "/tracks/")
    assert await (await again.client.get(f"{track}/audio")).read() == SOUND


async def test_a_source_goes_on_at_once_though_the_catalog_is_lost_and_all_else_still_waits(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait(_: ResumeWork) -> None:
        await asyncio.Event().wait()

    product = await serve()
    path = await product.begin()
    await product.append(path, 0, SOUND[:3000])
    await product.client.close()
    await asyncio.to_thread((tmp_path / "catalog.db").unlink)
    monkeypatch.setattr(ResumeWork, "execute", wait)
    again = await serve()
    assert await again.offset(path) == 3000
    assert (await again.append(path, 3000, SOUND[3000:])).status == 204


async def test_a_stop_ends_listeners_and_appends_and_keeps_what_came(serve: Serve) -> None:
    product = await serve(shutdown_timeout_s=60)
    path = await product.begin()
    await product.append(path, 0, SOUND[:3000])
    listener = await product.client.get("/live/main")
    more = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield SOUND[3000:4000]
        more.set()
        await asyncio.Event().wait()

    append = asyncio.ensure_future(product.append(path, 3000, body()))
    await more.wait()
    await product.until(path, size_bytes=4000)
    async with asyncio.timeout(5):
        await product.client.app.shutdown()
        await listener.content.read()
        assert (await append).status == 423
        await product.client.close()
    again = await serve()
    assert await again.offset(path) == 4000


async def test_a_track_in_the_making_is_made_by_the_next_start(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = await serve()
    monkeypatch.setattr(product.container.work(), "schedule", lambda _: None)
    track_id = await product.record(ogg(3000))
    await product.client.close()
    again = await serve()
    await again.until(f"/api/tracks/{track_id}", state="ready")


@pytest.fixture
async def busy(serve: Serve) -> Product:
    """Give an app whose recordings cannot all be closed properly."""
    product = await serve()
    for number in range(3):
        path = await product.begin(station=f"station-{number}")
        await product.append(path, 0, SOUND[:3000])
    return product


async def test_one_recording_that_cannot_be_closed_stops_no_other(
    busy: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = busy.container.open_recordings()
    monkeypatch.setattr(recordings, "_turn_timeout_s", 0.01)
    stuck, *others = recordings._open
    async with recordings.turn(stuck):
        await recordings.close_all()
    assert list(recordings._open) == [stuck]
    assert others
