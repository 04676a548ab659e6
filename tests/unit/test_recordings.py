"""The shorter use cases of recordings: start, discard, interrupt, expire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.errors import (
    LengthExceeded,
    RecordingGone,
    RecordingNotFound,
    StationBusy,
    StorageFull,
    TooManyRecordings,
    UnsupportedMedia,
)
from audio_stream.domain.ids import new_recording_id
from audio_stream.domain.recordings import RecordingState
from audio_stream.domain.tracks import TrackState
from fakes.memory_world import MemoryWorld, body_of
from fakes.sounds import ogg, webm

if TYPE_CHECKING:
    from pathlib import Path

    from audio_stream.domain.ids import RecordingId

SOUND = ogg(3000)


# -- start


async def test_a_recording_begins_empty_and_is_noted_before_it_is_told(world: MemoryWorld) -> None:
    recording_id = await world.begin(live=True)
    assert world.spool.notes[recording_id].state is RecordingState.RECORDING
    assert world.recording(recording_id).title == "A song"
    assert await world.offset(recording_id) == 0


async def test_one_that_goes_on_air_needs_a_free_station(world: MemoryWorld) -> None:
    await world.begin("First", live=True)
    with pytest.raises(StationBusy) as caught:
        await world.begin("Second", live=True)
    assert caught.value.title == "First"
    await world.begin("A file")


async def test_one_that_cannot_begin_leaves_nothing_and_frees_the_station(
    world: MemoryWorld,
) -> None:
    world.spool.fail_create = StorageFull()
    with pytest.raises(StorageFull):
        await world.begin(live=True)
    world.spool.fail_create = None
    world.catalog.fail_next = StorageFull()
    with pytest.raises(StorageFull):
        await world.begin(live=True)
    assert not world.spool.bytes
    await world.begin(live=True)


async def test_a_length_over_the_limit_is_refused_at_once(tmp_path: Path) -> None:
    world = MemoryWorld(tmp_path, max_recording_size=100)
    with pytest.raises(LengthExceeded):
        await world.begin(length_bytes=101)
    await world.begin(length_bytes=100)


async def test_the_limit_of_open_recordings_holds_for_many_at_once(tmp_path: Path) -> None:
    world = MemoryWorld(tmp_path, max_open_recordings=3)
    begun = await asyncio.gather(*(world.begin() for _ in range(10)), return_exceptions=True)
    refused = [one for one in begun if isinstance(one, BaseException)]
    assert [type(one) for one in refused] == [TooManyRecordings] * 7
    await world.append(next(iter(world.spool.bytes)), 0, SOUND, length_bytes=3000)
    await world.begin()
    await world.settle()


# -- interrupt


async def test_a_silent_source_leaves_the_air_and_the_station_is_free(world: MemoryWorld) -> None:
    recording_id = await world.begin(live=True)
    await world.append(recording_id, 0, webm())
    await world.fall_silent()
    recording = world.recording(recording_id)
    assert recording.state is RecordingState.INTERRUPTED
    assert recording.interrupted_at == world.clock.now()
    assert world.spool.notes[recording_id].state is RecordingState.INTERRUPTED
    assert not world.container.live().carries(recording_id)
    assert world.journal.has("recording interrupted")
    await world.begin(live=True)
    await world.settle()


async def test_a_source_that_never_sent_a_byte_leaves_no_track(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.fall_silent()
    assert world.recording(recording_id).state is RecordingState.INTERRUPTED
    assert not world.catalog.tracks
    assert await world.append(recording_id, 0, SOUND) == 3000


async def test_what_was_declared_and_never_kept_is_not_told_as_kept(world: MemoryWorld) -> None:
    recording_id = await world.begin(live=False, length_bytes=100)
    first = world.container.append_first_chunk()
    with pytest.raises(UnsupportedMedia):
        await first.execute(recording_id=recording_id, body=body_of(b"just some plain text" * 5))
    assert world.recording(recording_id).discarded


async def test_only_the_silent_ones_are_interrupted(world: MemoryWorld) -> None:
    silent, heard = await world.begin(), await world.begin()
    world.clock.advance(world.container.settings().silence_s - 1)
    await world.append(heard, 0, SOUND)
    world.clock.advance(2)
    await world.container.interrupt_recordings().execute()
    assert world.recording(silent).state is RecordingState.INTERRUPTED
    assert world.recording(heard).state is RecordingState.RECORDING


async def test_a_returning_source_is_recording_again(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    await world.fall_silent()
    await world.append(recording_id, 3000, b"more")
    recording = world.recording(recording_id)
    assert (recording.state, recording.interrupted_at) == (RecordingState.RECORDING, None)
    await world.settle()


async def test_asking_for_the_offset_is_no_return(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    await world.fall_silent()
    since = world.recording(recording_id).interrupted_at
    assert await world.offset(recording_id) == 3000
    await world.fall_silent()
    assert world.recording(recording_id).interrupted_at == since
    assert len(world.container.open_recordings()) == 0
    await world.settle()


async def test_a_disk_that_cannot_note_it_is_told_and_the_next_look_does_it(
    world: MemoryWorld,
) -> None:
    first, second = await world.begin(), await world.begin()
    world.spool.fail_annotate = StorageFull()
    await world.fall_silent()
    assert world.journal.has("recording not interrupted")
    world.spool.fail_annotate = None
    await world.container.interrupt_recordings().execute()
    for recording_id in (first, second):
        assert world.recording(recording_id).state is RecordingState.INTERRUPTED


# -- expire


async def interrupted(world: MemoryWorld) -> RecordingId:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    await world.fall_silent()
    await world.settle()
    return recording_id


async def test_the_spool_of_an_interrupted_recording_stays_for_the_resume_window(
    world: MemoryWorld,
) -> None:
    recording_id = await interrupted(world)
    world.clock.advance(world.container.settings().resume_window_s - 1)
    await world.container.expire_recordings().execute()
    assert recording_id in world.spool.bytes
    world.clock.advance(2)
    await world.container.expire_recordings().execute()
    assert recording_id not in world.spool.bytes
    (track,) = world.catalog.tracks.values()
    assert (track.state, track.incomplete) == (TrackState.READY, True)
    assert world.journal.has("recording expired")


async def test_what_is_not_stored_yet_stays_in_the_spool(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    world.media.fail_next_finalise = ZeroDivisionError()
    await world.fall_silent()
    await world.settle()
    world.clock.advance(world.container.settings().resume_window_s + 1)
    await world.container.expire_recordings().execute()
    assert world.spool.bytes[recording_id] == SOUND


async def test_a_source_that_returns_at_the_last_moment_loses_nothing(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    await world.fall_silent()
    await world.settle()
    world.clock.advance(world.container.settings().resume_window_s - 1)
    assert await world.offset(recording_id) == 3000
    world.clock.advance(2)
    await world.container.expire_recordings().execute()
    assert await world.append(recording_id, 3000, b"more", length_bytes=3004) == 3004
    await world.settle()
    assert world.stored(recording_id) == SOUND + b"more"


async def test_one_that_cannot_be_looked_at_stops_no_other(world: MemoryWorld) -> None:
    first = await interrupted(world)
    second = await interrupted(world)
    world.clock.advance(world.container.settings().resume_window_s + 1)
    del world.catalog.recordings[first]
    await world.container.expire_recordings().execute()
    assert world.journal.has("recording not looked at")
    assert first in world.spool.bytes
    assert second not in world.spool.bytes


# -- discard


async def test_a_discarded_recording_frees_its_station_and_is_gone(world: MemoryWorld) -> None:
    recording_id = await world.begin(live=True)
    await world.append(recording_id, 0, webm())
    await world.container.discard_recording().execute(recording_id=recording_id)
    assert not world.container.live().carries(recording_id)
    assert not world.spool.bytes
    assert not world.catalog.tracks
    with pytest.raises(RecordingGone):
        await world.offset(recording_id)
    with pytest.raises(RecordingGone):
        await world.container.read_recording().execute(recording_id=recording_id)
    with pytest.raises(RecordingGone):
        await world.container.discard_recording().execute(recording_id=recording_id)


async def test_an_unknown_recording_cannot_be_discarded(world: MemoryWorld) -> None:
    with pytest.raises(RecordingNotFound):
        await world.container.discard_recording().execute(recording_id=new_recording_id())


async def test_discarding_is_not_stopped_by_somebody_who_appends(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    appends = [asyncio.ensure_future(world.append(recording_id, 0, SOUND)) for _ in range(3)]
    await world.container.discard_recording().execute(recording_id=recording_id)
    await asyncio.gather(*appends, return_exceptions=True)
    assert not world.spool.bytes
