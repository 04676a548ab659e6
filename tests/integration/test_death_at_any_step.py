"""A process that dies at any one step of a recording's life: the next one makes up for it."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.recordings import RecordingState
from audio_stream.domain.tracks import TrackState
from fakes.memory_source import SOUND, Source, straight
from fakes.memory_world import MemoryWorld
from fakes.mortal import Killed, Life

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


async def interrupted(world: MemoryWorld, source: Source) -> None:
    await source.begin()
    await source.send(1000)
    await world.fall_silent()
    await world.settle()
    await source.send(3000)
    await world.settle()


async def killed_everywhere(
    folder: Path,
    scenario: Callable[[MemoryWorld, Source], Awaitable[None]],
    prepare: Callable[[MemoryWorld], Awaitable[None]] | None = None,
) -> AsyncIterator[tuple[MemoryWorld, Source]]:
    """Yield the world after a death at each step of the scenario, at last after none."""
    for dies_at in count(1):
        room = folder / str(dies_at)
        await asyncio.to_thread(room.mkdir)
        life = Life(None if prepare else dies_at)
        world = MemoryWorld(room, life)
        if prepare is not None:
            await prepare(world)
            life.begin_to_count(dies_at)
        source = Source(world)
        try:
            await scenario(world, source)
        except Killed:
            await world.settle()
        world.start()
        yield world, source
        if not life.is_over:
            assert dies_at > 20, "the scenario has steps"
            return


@pytest.mark.parametrize(
    ("scenario", "power_loss"), [(straight, False), (straight, True), (interrupted, False)]
)
async def test_a_death_at_any_step_loses_no_byte_and_makes_one_track(
    tmp_path: Path,
    scenario: Callable[[MemoryWorld, Source], Awaitable[None]],
    *,
    power_loss: bool,
) -> None:
    async for world, source in killed_everywhere(tmp_path, scenario):
        if power_loss:
            world.spool.lose_power()
        await world.resume()
        if source.id is None:
            assert not world.catalog.tracks
            continue
        await source.complete()
        await world.settle()
        (made,) = world.catalog.tracks.values()
        assert (made.state, made.incomplete) == (TrackState.READY, False)
        assert world.stored(source.id) == SOUND
        manifest = f"tracks/{made.id}.json"
        assert set(world.blobs.blobs) - {manifest} == made.blob_keys
        assert made.mp3.key in made.blob_keys
        assert not world.spool.bytes
        assert not world.journal.errors


async def test_a_death_and_a_source_that_never_returns_leave_an_incomplete_track(
    tmp_path: Path,
) -> None:
    async for world, source in killed_everywhere(tmp_path, straight):
        await world.resume()
        await world.fall_silent()
        await world.settle()
        if source.acknowledged:
            assert source.id is not None
            assert world.stored(source.id)[: source.acknowledged] == SOUND[: source.acknowledged]
            finished = world.recording(source.id).state is RecordingState.FINISHED
            assert world.track(source.id).incomplete is not finished


async def test_a_death_at_any_step_of_a_deletion_can_be_made_up_for(tmp_path: Path) -> None:
    async def prepare(world: MemoryWorld) -> None:
        await straight(world, Source(world))

    async def delete(world: MemoryWorld, _: Source) -> None:
        (track_id,) = world.catalog.tracks
        await world.container.delete_track().execute(track_id=track_id)

    async for world, _ in killed_everywhere(tmp_path, delete, prepare):
        await world.resume()
        for track_id in list(world.catalog.tracks):
            await world.container.delete_track().execute(track_id=track_id)
        assert not world.blobs.blobs
        assert not world.manifests.tracks
        world.catalog.tracks.clear()
        await world.resume()
        assert not world.catalog.tracks, "deleted is deleted, also for a catalog that is lost"


async def test_a_death_while_an_open_recording_is_discarded_is_made_up_for(
    tmp_path: Path,
) -> None:
    async def prepare(world: MemoryWorld) -> None:
        source = Source(world)
        await source.begin()
        await source.send(1000)
        await world.fall_silent()
        await world.settle()

    async def discard(world: MemoryWorld, _: Source) -> None:
        (recording_id,) = world.catalog.recordings
        await world.container.discard_recording().execute(recording_id=recording_id)

    async for world, _ in killed_everywhere(tmp_path, discard, prepare):
        await world.resume()
        (recording,) = world.catalog.recordings.values()
        if recording.discarded:
            assert not world.catalog.tracks
            assert not world.blobs.blobs
            assert not world.spool.bytes
        else:
            assert len(world.catalog.tracks) == 1
