"""Work behind the requests: when it begins, and when it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.ids import TrackId
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
