"""AppendChunk: what is acknowledged is kept, once and in order."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.checksums import Checksum
from audio_stream.domain.errors import (
    ChecksumMismatch,
    LengthConflict,
    LengthExceeded,
    OffsetMismatch,
    RecordingFailed,
    RecordingFinished,
    RecordingGone,
    RecordingNotFound,
    SyncFailed,
    UnsupportedMedia,
)
from audio_stream.domain.ids import new_recording_id
from audio_stream.domain.recordings import RecordingState
from audio_stream.usecases.append_chunk import Appended
from fakes.memory_world import MemoryWorld, body_of
from fakes.slow_body import SlowBody, append_slowly
from fakes.sounds import ogg, webm

if TYPE_CHECKING:
    from pathlib import Path


SOUND = ogg(3000)


async def test_chunks_follow_each_other_and_are_synced_before_they_are_acknowledged(
    world: MemoryWorld,
) -> None:
    recording_id = await world.begin()
    assert await world.append(recording_id, 0, SOUND[:1000], SOUND[1000:2000]) == 2000
    assert world.spool.synced_bytes[recording_id] == 2000
    assert await world.append(recording_id, 2000, SOUND[2000:]) == 3000
    assert world.spool.bytes[recording_id] == SOUND
    assert world.spool.synced_bytes[recording_id] == 3000


async def test_a_source_that_does_not_wait_is_told_how_much_is_kept(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    append = world.container.append_chunk()

    async def append_impatiently(offset: int, piece: bytes) -> Appended:
        appended: Appended = await append.execute(
            recording_id=recording_id, offset=offset, body=body_of(piece), patience_s=0.01
        )
        return appended

    assert await append_impatiently(0, SOUND[:500]) == Appended(500, 500)
    world.spool.is_slow = True
    assert await append_impatiently(500, SOUND[500:1000]) == Appended(1000, 500)
    with pytest.raises(OffsetMismatch) as caught:
        await append_impatiently(500, SOUND[500:1000])
    assert caught.value.expected == 1000 == world.spool.synced_bytes[recording_id], "told, so kept"
    assert await append_impatiently(1000, SOUND[1000:2000]) == Appended(2000, 1000)
    assert await world.offset(recording_id) == 2000 == world.spool.synced_bytes[recording_id]
    world.spool.fail_sync = SyncFailed("EIO")
    assert await append_impatiently(2000, SOUND[2000:2500]) == Appended(2500, 2000)
    world.spool.is_slow = False
    with pytest.raises(SyncFailed):
        await append_impatiently(2500, SOUND[2500:])
    assert world.recording(recording_id).state is RecordingState.FAILED


async def test_who_tells_the_end_waits_for_the_slowest_disk(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    world.spool.is_slow = True
    appended = await world.container.append_chunk().execute(
        recording_id=recording_id,
        offset=0,
        body=body_of(SOUND),
        length_bytes=len(SOUND),
        patience_s=0.01,
    )
    assert appended == Appended(3000, 3000)
    assert world.spool.synced_bytes[recording_id] == 3000
    assert world.recording(recording_id).state is RecordingState.FINISHED


async def test_a_chunk_of_unknown_size_is_synced_before_it_is_acknowledged_too(
    world: MemoryWorld,
) -> None:
    recording_id = await world.begin()
    body = body_of(SOUND[:1000], SOUND[1000:], told=False)
    append = world.container.append_chunk()
    assert await append.execute(recording_id=recording_id, offset=0, body=body) == Appended(
        3000, 3000
    )
    assert world.spool.synced_bytes[recording_id] == 3000


async def test_the_same_chunk_twice_is_told_the_true_offset_and_stored_once(
    world: MemoryWorld,
) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    with pytest.raises(OffsetMismatch) as caught:
        await world.append(recording_id, 0, SOUND)
    assert (caught.value.expected, caught.value.got) == (3000, 0)
    assert world.spool.bytes[recording_id] == SOUND


async def test_a_chunk_ahead_of_the_offset_is_not_stored(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    with pytest.raises(OffsetMismatch):
        await world.append(recording_id, 1, SOUND)
    assert world.spool.bytes[recording_id] == b""


async def test_an_unknown_recording_takes_nothing(world: MemoryWorld) -> None:
    with pytest.raises(RecordingNotFound):
        await world.append(new_recording_id(), 0, SOUND)


async def test_a_declared_length_is_kept_before_the_body_is_read(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    body = SlowBody()
    request = asyncio.ensure_future(
        world.container.append_chunk().execute(
            recording_id=recording_id, offset=0, body=body.chunk(), length_bytes=3000
        )
    )
    await body.is_read.wait()
    assert world.recording(recording_id).length_bytes == 3000
    assert world.spool.notes[recording_id].length_bytes == 3000
    body.send(SOUND)
    body.send(None)
    assert (await request).kept == 3000
    assert world.recording(recording_id).state is RecordingState.FINISHED


async def test_a_length_may_be_declared_again_but_not_changed(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000], length_bytes=3000)
    await world.append(recording_id, 1000, SOUND[1000:2000], length_bytes=3000)
    with pytest.raises(LengthConflict):
        await world.append(recording_id, 2000, length_bytes=4000)
    assert await world.append(recording_id, 2000, SOUND[2000:]) == 3000


async def test_a_length_below_what_is_there_is_a_conflict(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    with pytest.raises(LengthConflict):
        await world.append(recording_id, 3000, length_bytes=2999)
    assert world.recording(recording_id).length_bytes is None


async def test_more_than_was_declared_is_refused_before_it_is_read(world: MemoryWorld) -> None:
    recording_id = await world.begin(length_bytes=2999)
    with pytest.raises(LengthExceeded) as caught:
        await world.append(recording_id, 0, SOUND)
    assert caught.value.limit_bytes == 2999
    assert world.spool.bytes[recording_id] == b""


async def test_more_than_was_declared_is_refused_when_it_comes_unannounced(
    world: MemoryWorld,
) -> None:
    recording_id = await world.begin(length_bytes=2000)
    body = body_of(SOUND[:1500], SOUND[1500:], told=False)
    with pytest.raises(LengthExceeded):
        await world.container.append_chunk().execute(recording_id=recording_id, offset=0, body=body)
    assert await world.offset(recording_id) == 1500


async def test_more_than_any_recording_may_hold_is_refused(tmp_path: Path) -> None:
    world = MemoryWorld(tmp_path, max_recording_size=2000)
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    with pytest.raises(LengthExceeded):
        await world.append(recording_id, 1000, SOUND[1000:])
    with pytest.raises(LengthExceeded):
        await world.append(recording_id, 1000, length_bytes=3000)
    assert await world.offset(recording_id) == 1000


async def test_an_empty_chunk_at_the_end_finishes(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    assert await world.append(recording_id, 3000, length_bytes=3000) == 3000
    assert world.recording(recording_id).state is RecordingState.FINISHED


async def test_finishing_twice_gets_the_same_answer(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND, length_bytes=3000)
    for length_bytes in (None, 3000):
        assert await world.append(recording_id, 3000, length_bytes=length_bytes) == 3000
    with pytest.raises(LengthConflict):
        await world.append(recording_id, 3000, length_bytes=4000)
    await world.settle()
    assert len(world.catalog.tracks) == 1


@pytest.mark.parametrize("offset", [0, 3000])
async def test_a_chunk_after_the_end_is_refused_with_the_offset(
    world: MemoryWorld, offset: int
) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND, length_bytes=3000)
    with pytest.raises(RecordingFinished) as caught:
        await world.append(recording_id, offset, b"more")
    assert caught.value.offset == 3000


async def test_an_empty_chunk_is_a_sign_of_life(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    for _ in range(3):
        world.clock.advance(world.container.settings().silence_s - 1)
        await world.append(recording_id, 3000)
        await world.container.interrupt_recordings().execute()
        assert world.recording(recording_id).state is RecordingState.RECORDING


async def test_a_chunk_that_trickles_in_is_a_sign_of_life(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    body = SlowBody()
    request = append_slowly(world, recording_id, 0, body)
    for at in (0, 1000, 2000):
        await body.is_read.wait()
        world.clock.advance(world.container.settings().silence_s - 1)
        body.is_read.clear()
        body.send(SOUND[at : at + 1000])
        await body.is_read.wait()
        await world.container.interrupt_recordings().execute()
    body.send(None)
    assert (await request).kept == 3000


# -- checksums


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_a_checked_chunk_is_appended_whole(world: MemoryWorld, algorithm: str) -> None:
    recording_id = await world.begin()
    checksum = Checksum(algorithm, hashlib.new(algorithm, SOUND).digest())
    body = body_of(SOUND[:10], SOUND[10:], checksum=checksum)
    appended = await world.container.append_chunk().execute(
        recording_id=recording_id, offset=0, body=body
    )
    assert appended == Appended(3000, 3000)
    assert world.spool.synced_bytes[recording_id] == 3000


async def test_nothing_is_kept_of_a_chunk_that_arrived_damaged(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    checksum = Checksum("sha256", hashlib.sha256(b"something else").digest())
    with pytest.raises(ChecksumMismatch):
        await world.container.append_chunk().execute(
            recording_id=recording_id, offset=0, body=body_of(SOUND, checksum=checksum)
        )
    assert await world.offset(recording_id) == 0


@pytest.mark.parametrize("told", [True, False])
async def test_a_checked_chunk_has_a_size_limit(world: MemoryWorld, *, told: bool) -> None:
    recording_id = await world.begin()
    pieces = [bytes(2**20)] * 65
    body = body_of(*pieces, checksum=Checksum("sha1", bytes(20)), told=told)
    with pytest.raises(LengthExceeded):
        await world.container.append_chunk().execute(recording_id=recording_id, offset=0, body=body)
    assert (await anext(aiter(body.pieces), None) is not None) is told, "refused before or after"


# -- what is no audio


@pytest.mark.parametrize("live", [True, False])
async def test_what_is_no_audio_fails_and_leaves_nothing(world: MemoryWorld, *, live: bool) -> None:
    recording_id = await world.begin(live=live)
    with pytest.raises(UnsupportedMedia):
        await world.append(recording_id, 0, b"GIF89a" + bytes(100))
    assert world.recording(recording_id).state is RecordingState.FAILED
    assert recording_id not in world.spool.bytes
    assert not world.catalog.tracks
    with pytest.raises(RecordingFailed):
        await world.offset(recording_id)


async def test_damage_further_on_takes_it_off_air_and_keeps_every_byte(world: MemoryWorld) -> None:
    sound = webm() + b"\xff" * 5000
    recording_id = await world.begin(live=True)
    await world.append(recording_id, 0, sound[:-5000])
    assert world.container.live().carries(recording_id)
    await world.append(recording_id, len(sound) - 5000, sound[-5000:])
    assert not world.container.live().carries(recording_id)
    assert world.spool.bytes[recording_id] == sound
    status = await world.container.read_recording().execute(recording_id=recording_id)
    assert status.off_air_reason


async def test_a_recording_whose_source_was_away_too_long_is_gone(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    await world.fall_silent()
    world.clock.advance(world.container.settings().resume_window_s + 1)
    with pytest.raises(RecordingGone):
        await world.append(recording_id, 3000, b"more")
    with pytest.raises(RecordingGone):
        await world.offset(recording_id)
    await world.settle()
