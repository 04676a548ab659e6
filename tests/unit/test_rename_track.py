"""RenameTrack: the library's title, and that of a broadcast which has gone on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.ids import TrackId
from audio_stream.domain.titles import Title
from fakes.sounds import webm

if TYPE_CHECKING:
    from fakes.memory_world import MemoryWorld

SOUND = webm(100)


async def test_a_source_that_came_back_is_on_air_under_the_new_title(world: MemoryWorld) -> None:
    recording_id = await world.begin("Before", live=True)
    await world.append(recording_id, 0, SOUND[:3000])
    await world.fall_silent()
    await world.settle()
    await world.append(recording_id, 3000, SOUND[3000:])
    rename = world.container.rename_track()
    await rename.execute(track_id=TrackId(recording_id), title=Title("After"))
    assert world.track(recording_id).title == "After"
    assert world.container.live().stations()[0].title == "After"
