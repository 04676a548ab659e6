"""Work behind the requests: when it begins, and when it does not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from audio_stream.domain.errors import StorageFailed
from audio_stream.domain.ids import TrackId
from audio_stream.infrastructure import resuming
from audio_stream.infrastructure.background import BackgroundTrackWork
from contracts.examples import track

if TYPE_CHECKING:
    import pytest

    from fakes.memory_world import MemoryWorld


async def test_what_is_scheduled_as_the_program_ends_is_left_to_the_next_start(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[TrackId] = []

    async def see_to(*, track_id: TrackId) -> bool:
        seen.append(track_id)
        return True

    process_track = world.container.process_track()
    monkeypatch.setattr(process_track, "execute", see_to)
    work = BackgroundTrackWork(process_track=process_track, journal=world.journal, places=2)
    async with work:
        work.schedule(track(1).id)
        await work.idle()
    work.schedule(track(2).id)  # by a look that had begun before
    await work.idle()
    assert seen == [track(1).id]


async def test_what_was_given_up_is_looked_for_again_and_again(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, looked_often = 0, asyncio.Event()

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise StorageFailed("gone")
        if looks > 3:
            looked_often.set()

    monkeypatch.setattr(resuming, "_LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(world.container.resume_work(), "execute", look)
    async with world.container.resuming(), asyncio.timeout(60):
        await looked_often.wait()
    assert await world.container.resuming().trouble() is None
