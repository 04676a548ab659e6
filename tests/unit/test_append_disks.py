"""AppendChunk: a slow, a full and a failing disk."""

from __future__ import annotations

import asyncio

import pytest

from audio_stream.domain.errors import RecordingFailed, StorageFull, SyncFailed
from audio_stream.domain.recordings import RecordingState
from fakes.memory_world import MemoryWorld
from fakes.sounds import ogg, webm

SOUND = ogg(3000)


async def test_listeners_do_not_wait_for_the_disk(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording_id = await world.begin(live=True)
    opened = world.container.open_recordings().peek(recording_id)
    assert opened is not None
    writing, may_write = asyncio.Event(), asyncio.Event()

    async def append_slowly_to_disk(_data: bytes, *, sync: bool) -> None:
        assert sync
        writing.set()
        await may_write.wait()

    monkeypatch.setattr(opened.file, "append", append_slowly_to_disk)
    appending = asyncio.ensure_future(world.append(recording_id, 0, webm()))
    await writing.wait()
    assert world.container.live().carries(recording_id)
    may_write.set()
    await appending


async def test_a_full_disk_leaves_the_offset_and_the_recording_goes_on(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    world.spool.fail_append = StorageFull()
    with pytest.raises(StorageFull):
        await world.append(recording_id, 1000, SOUND[1000:])
    assert await world.offset(recording_id) == 1000
    world.spool.fail_append = None
    assert await world.append(recording_id, 1000, SOUND[1000:]) == 3000
    assert world.spool.bytes[recording_id] == SOUND


async def test_a_full_disk_under_a_live_recording_repeats_nothing_on_air(
    world: MemoryWorld,
) -> None:
    sound = webm()
    recording_id = await world.begin(live=True)
    world.spool.fail_append = StorageFull()
    with pytest.raises(StorageFull):
        await world.append(recording_id, 0, sound[:700])
    world.spool.fail_append = None
    assert await world.append(recording_id, 0, sound[:300]) == 300
    assert await world.append(recording_id, 300, sound[300:]) == len(sound)
    opened = world.container.open_recordings().peek(recording_id)
    assert opened is not None
    assert opened.source.duration_s == pytest.approx(0.98)


async def test_a_failed_sync_fails_the_recording_and_keeps_what_can_be_read(
    world: MemoryWorld,
) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    world.spool.fail_sync = SyncFailed("Input/output error")
    with pytest.raises(SyncFailed):
        await world.append(recording_id, 1000, SOUND[1000:])
    world.spool.fail_sync = None
    recording = world.recording(recording_id)
    assert recording.state is RecordingState.FAILED
    assert recording.reason is not None
    assert "Input/output error" in recording.reason
    with pytest.raises(RecordingFailed, match="Input/output error"):
        await world.append(recording_id, 1000, SOUND[1000:])
    await world.settle()
    assert world.track(recording_id).incomplete
    assert world.stored(recording_id)[:1000] == SOUND[:1000]
    assert recording_id not in world.spool.bytes


@pytest.mark.parametrize("how", ["head", "a wrong offset", "silence"])
async def test_a_failed_sync_fails_the_recording_whoever_meets_it(
    world: MemoryWorld, how: str
) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    world.spool.fail_sync = SyncFailed("Input/output error")
    if how == "silence":
        await world.fall_silent()
    else:
        with pytest.raises(SyncFailed):
            await (world.offset(recording_id) if how == "head" else world.append(recording_id, 1))
    assert world.recording(recording_id).state is RecordingState.FAILED
    assert world.journal.has("recording failed")


async def test_a_failure_that_cannot_be_written_down_is_met_again(world: MemoryWorld) -> None:
    recording_id = await world.begin(live=True)
    sound = webm()
    await world.append(recording_id, 0, sound[:-100])
    world.spool.fail_sync = SyncFailed("Input/output error")
    world.spool.fail_annotate = StorageFull()
    with pytest.raises(StorageFull):
        await world.append(recording_id, len(sound) - 100, sound[-100:])
    assert not world.container.live().carries(recording_id)
    world.spool.fail_annotate = None
    with pytest.raises(SyncFailed):
        await world.offset(recording_id)
    assert world.recording(recording_id).state is RecordingState.FAILED
