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
    RecordingBusy,
    RecordingFailed,
    RecordingFinished,
    RecordingGone,
    RecordingNotFound,
    SourceTimedOut,
    StorageFull,
    SyncFailed,
    UnsupportedMedia,
)
from audio_stream.domain.ids import new_recording_id
from audio_stream.domain.recordings import RecordingState
from audio_stream.usecases.append_chunk import Appended, ChunkBody
from audio_stream.usecases.open_recordings import YIELD_WITHIN_S
from fakes.memory_world import MemoryWorld, body_of
from fakes.sounds import ogg, webm

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from audio_stream.domain.ids import RecordingId
    from audio_stream.domain.recordings import Recording

SOUND = ogg(3000)


class SlowBody:
    """A body whose bytes come when the test says so."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._asked = asyncio.Semaphore(0)
        self.is_read = asyncio.Event()

    def send(self, piece: bytes | None) -> None:
        self._pieces.put_nowait(piece)

    async def is_waiting(self, *, after: int) -> None:
        """Return when so many pieces were taken and the next is waited for."""
        for _ in range(after + 1):
            await self._asked.acquire()

    async def _read(self) -> AsyncIterator[bytes]:
        while True:
            self.is_read.set()
            self._asked.release()
            piece = await self._pieces.get()
            if piece is None:
                return
            yield piece

    def chunk(self) -> ChunkBody:
        return ChunkBody(self._read(), None)


def append_slowly(
    world: MemoryWorld, recording_id: RecordingId, offset: int, body: SlowBody
) -> asyncio.Task[Appended]:
    return asyncio.ensure_future(
        world.container.append_chunk().execute(
            recording_id=recording_id, offset=offset, body=body.chunk()
        )
    )


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


# -- turns


async def test_a_newer_request_ends_one_that_waits_for_its_source(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    stalled = SlowBody()
    old = append_slowly(world, recording_id, 0, stalled)
    stalled.send(SOUND[:1000])
    await stalled.is_waiting(after=1)
    assert await world.offset(recording_id) == 1000
    with pytest.raises(RecordingBusy):
        await old
    assert await world.append(recording_id, 1000, SOUND[1000:]) == 3000


async def test_what_an_older_request_still_brings_at_once_counts(world: MemoryWorld) -> None:
    # A page that closes sends its rest twice, for it cannot know which offset will be right.
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    right = SlowBody()
    old = append_slowly(world, recording_id, 1000, right)
    await right.is_read.wait()
    new = asyncio.ensure_future(world.append(recording_id, 2000, SOUND[2000:]))
    await asyncio.sleep(0)  # it asks for the turn
    right.send(SOUND[1000:])
    right.send(None)
    assert (await old).kept == 3000
    with pytest.raises(OffsetMismatch):
        await new


async def test_a_slow_catalog_takes_nothing_of_the_time_to_yield(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where the end is declared, the catalog keeps it before the body is read.
    save = world.catalog.save_recording

    async def save_slowly(recording: Recording) -> Recording:
        await asyncio.sleep(2 * YIELD_WITHIN_S)
        return await save(recording)

    recording_id = await world.begin()
    monkeypatch.setattr(world.catalog, "save_recording", save_slowly)
    right = asyncio.ensure_future(world.append(recording_id, 0, SOUND, length_bytes=3000))
    await asyncio.sleep(0)
    with pytest.raises(RecordingFinished):
        await world.append(recording_id, 1000, SOUND[1000:], length_bytes=3000)
    assert await right == 3000


async def test_an_older_request_whose_bytes_never_end_yields_too(world: MemoryWorld) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"OggS"

    recording_id = await world.begin()
    old = asyncio.ensure_future(
        world.container.append_chunk().execute(
            recording_id=recording_id, offset=0, body=ChunkBody(endless(), None)
        )
    )
    await asyncio.sleep(0.01)
    offset = await asyncio.wait_for(world.offset(recording_id), 2)
    with pytest.raises(RecordingBusy):
        await old
    assert offset == len(world.spool.bytes[recording_id]) > 0


async def test_the_newest_of_several_gets_the_turn(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    bodies = [SlowBody() for _ in range(5)]
    requests = [append_slowly(world, recording_id, 0, body) for body in bodies]
    newest = asyncio.ensure_future(world.append(recording_id, 0, SOUND))
    assert await asyncio.wait_for(newest, 2) == 3000
    ended = await asyncio.gather(*requests, return_exceptions=True)
    assert [type(error) for error in ended] == [RecordingBusy] * 5


async def test_a_request_gives_up_when_the_older_one_cannot_yield(tmp_path: Path) -> None:
    world = MemoryWorld(tmp_path)
    turns = world.container.open_recordings()
    turns._turn_timeout_s = 0.01
    recording_id = await world.begin()
    async with turns.turn(recording_id):
        with pytest.raises(RecordingBusy):
            await world.append(recording_id, 0, SOUND)
    assert await world.append(recording_id, 0, SOUND) == 3000


async def test_nothing_is_remembered_of_turns_that_are_over(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    assert not world.container.open_recordings()._turns


async def test_a_silent_body_ends_and_what_came_is_kept(tmp_path: Path) -> None:
    world = MemoryWorld(tmp_path, body_timeout_s=0.01)
    recording_id = await world.begin()
    body = SlowBody()
    body.send(SOUND[:1000])
    with pytest.raises(SourceTimedOut):
        await append_slowly(world, recording_id, 0, body)
    assert await world.offset(recording_id) == 1000


async def test_a_cancelled_write_is_over_before_anybody_else_gets_the_turn(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording_id = await world.begin()
    opened = world.container.open_recordings().peek(recording_id)
    assert opened is not None
    writing, may_write = asyncio.Event(), asyncio.Event()
    append = opened.file.append

    async def append_slowly_to_disk(data: bytes, *, sync: bool) -> None:
        writing.set()
        await may_write.wait()
        await append(data, sync=sync)

    monkeypatch.setattr(opened.file, "append", append_slowly_to_disk)
    cancelled = asyncio.ensure_future(world.append(recording_id, 0, SOUND))
    await writing.wait()
    cancelled.cancel()
    asked = asyncio.ensure_future(world.offset(recording_id))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not asked.done()
    may_write.set()
    assert await asked == 3000
    with pytest.raises(asyncio.CancelledError):
        await cancelled


# -- disks


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
