"""The spool's quota: one station's recordings cannot take the room of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.errors import SpoolQuotaReached
from audio_stream.domain.recordings import RecordingState
from fakes.memory_world import MemoryWorld, body_of
from fakes.sounds import ogg

if TYPE_CHECKING:
    from pathlib import Path

SOUND = ogg(3000)


@pytest.fixture
def world(tmp_path: Path) -> MemoryWorld:
    return MemoryWorld(tmp_path, spool_quota=2500)


async def test_appends_beyond_it_are_refused_with_the_offset_unchanged(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    with pytest.raises(SpoolQuotaReached, match=r"station main.*2500 bytes"):
        await world.append(recording_id, 1000, SOUND[1000:])
    assert await world.offset(recording_id) == 1000


async def test_of_a_body_of_unknown_size_what_fits_is_kept(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    body = body_of(SOUND[:2000], SOUND[2000:], told=False)
    with pytest.raises(SpoolQuotaReached):
        await world.container.append_chunk().execute(recording_id=recording_id, offset=0, body=body)
    assert await world.offset(recording_id) == 2000
    assert world.spool.synced_bytes[recording_id] == 2000


async def test_a_recording_at_the_limit_can_be_finished_and_makes_room(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:2500])
    with pytest.raises(SpoolQuotaReached):
        await world.begin()
    await world.append(recording_id, 2500, length_bytes=2500)
    assert world.recording(recording_id).state is RecordingState.FINISHED
    await world.settle()
    assert await world.append(await world.begin(), 0, SOUND[:2500]) == 2500


async def test_a_file_that_cannot_fit_is_refused_before_it_is_sent(world: MemoryWorld) -> None:
    with pytest.raises(SpoolQuotaReached):
        await world.begin(length_bytes=3000)
    assert not world.spool.bytes


async def test_without_a_quota_there_is_no_limit(tmp_path: Path) -> None:
    (tmp_path / "unlimited").mkdir()
    world = MemoryWorld(tmp_path / "unlimited")
    assert await world.append(await world.begin(), 0, SOUND) == 3000


async def test_what_cannot_be_noted_in_the_catalog_leaves_nothing_in_the_spool(
    world: MemoryWorld,
) -> None:
    world.catalog.fail_next = SpoolQuotaReached("any", 1)
    with pytest.raises(SpoolQuotaReached):
        await world.begin(live=True)
    assert not world.spool.bytes
    assert await world.begin(live=True), "the station is free again"
