"""AppendChunk: of several requests for one recording, one at a time is heard."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.errors import (
    OffsetMismatch,
    RecordingBusy,
    RecordingFinished,
    SourceTimedOut,
)
from audio_stream.usecases.append_chunk import ChunkBody
from audio_stream.usecases.open_recordings import YIELD_WITHIN_S
from fakes.memory_world import MemoryWorld
from fakes.slow_body import SlowBody, append_slowly
from fakes.sounds import ogg

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from audio_stream.domain.recordings import Recording

SOUND = ogg(3000)


@pytest.fixture
async def let_pass(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], Awaitable[None]]:
    """Stop the event loop's clock; return what lets seconds of it pass."""
    loop = asyncio.get_running_loop()
    now_s = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now_s)

    async def let_pass(seconds: float) -> None:
        nonlocal now_s
        for by_s in (0, seconds):  # what can be done now is done before
            now_s += by_s
            for _ in range(20):
                await asyncio.sleep(0)

    return let_pass


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


async def test_what_an_older_request_still_brings_at_once_counts(
    world: MemoryWorld, let_pass: Callable[[float], Awaitable[None]]
) -> None:
    # A page that closes sends its rest twice, for it cannot know which offset will be right.
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    right = SlowBody()
    old = append_slowly(world, recording_id, 1000, right)
    await right.is_read.wait()
    new = asyncio.ensure_future(world.append(recording_id, 2000, SOUND[2000:]))
    await let_pass(0.9 * YIELD_WITHIN_S)
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


async def test_what_an_older_request_brings_piece_by_piece_counts_on_a_long_line(
    world: MemoryWorld, let_pass: Callable[[float], Awaitable[None]]
) -> None:
    recording_id = await world.begin()
    right = SlowBody()
    old = append_slowly(world, recording_id, 0, right)
    await right.is_read.wait()
    new = asyncio.ensure_future(world.append(recording_id, 2000, SOUND[2000:]))
    for start in range(0, 3000, 1000):
        await let_pass(0.9 * YIELD_WITHIN_S)
        right.send(SOUND[start : start + 1000])
    right.send(None)
    assert (await old).kept == 3000
    with pytest.raises(OffsetMismatch):
        await new


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
    offset = await asyncio.wait_for(world.offset(recording_id), 20)
    with pytest.raises(RecordingBusy):
        await old
    assert offset == len(world.spool.bytes[recording_id]) > 0


async def test_the_newest_of_several_gets_the_turn(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    bodies = [SlowBody() for _ in range(5)]
    requests = [append_slowly(world, recording_id, 0, body) for body in bodies]
    newest = asyncio.ensure_future(world.append(recording_id, 0, SOUND))
    assert await asyncio.wait_for(newest, 20) == 3000
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
