"""A station's sound as MP3: converted while somebody listens, whatever becomes of converters."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.live import mp3_broadcast
from audio_stream.adapters.live.memory_live_feed import MemoryLiveFeed
from audio_stream.adapters.live.mp3_feed import Mp3Feed
from audio_stream.domain.errors import StationNotFound, StationOffAir
from contracts.live_feed_contract import (
    INITIALIZATION,
    JAZZ,
    MAIN,
    TYPE,
    go_on_air,
    publish,
    recording,
    segment,
)
from fakes.memory_events import MemoryEvents
from fakes.memory_journal import MemoryJournal
from fakes.memory_timers import MemoryTimers
from fakes.memory_transcoder import MemoryTranscoder
from fakes.memory_transport import MemoryTransport
from generators.mp3 import frame

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fakes.memory_transcoder import MemoryConverter

LINGER_S = 30.0
HANGS_SOON = pytest.mark.parametrize("station", [0.01], indirect=True, ids=["hangs-soon"])
FRAMES = [frame(9, bytes([n])) for n in range(1, 200)]


class Station:
    """A station on air, and its MP3."""

    def __init__(self, *, stall_s: float = 5) -> None:
        self.timers = MemoryTimers()
        self.journal = MemoryJournal()
        self.transcoder = MemoryTranscoder()
        self.live = MemoryLiveFeed(
            default_station=MAIN,
            events=MemoryEvents(),
            clock=self.timers,
            call_later=self.timers.call_later,
        )
        self.mp3 = Mp3Feed(
            live=self.live,
            transcoder=self.transcoder,
            clock=self.timers,
            journal=self.journal,
            linger_s=LINGER_S,
            stall_s=stall_s,
            call_later=self.timers.call_later,
        )

    def listen(self, backlog_s: float = 4.0) -> MemoryTransport:
        transport = MemoryTransport()
        self.mp3.on_air(MAIN).join(transport, chunked=False, backlog_s=backlog_s)
        return transport

    async def converter(self) -> MemoryConverter:
        """Return the next one that is started, once it is fed."""
        async with asyncio.timeout(60):
            converter = await self.transcoder.started.get()
            await until(lambda: bool(converter.source.sent))
        return converter

    @property
    def listeners(self) -> int:
        return self.live.stations()[0].listeners


async def until(holds: Callable[[], bool]) -> None:
    """Let what is ready run until that holds."""
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - no event tells of what a transport was sent
            await asyncio.sleep(0)


@pytest.fixture
async def station(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncIterator[Station]:
    monkeypatch.setattr(mp3_broadcast, "_PAUSE_S", 0.0)
    station = Station(stall_s=getattr(request, "param", 5))
    go_on_air(station.live, recording(), *range(10))
    async with station.mp3:
        yield station


def test_what_is_off_air_is_off_air_as_mp3() -> None:
    mp3 = Station().mp3
    with pytest.raises(StationOffAir):
        mp3.on_air(MAIN)
    with pytest.raises(StationNotFound):
        mp3.on_air(JAZZ)


async def test_nothing_is_converted_for_nobody(station: Station) -> None:
    assert station.mp3.on_air(MAIN).media_type == "audio/mpeg"
    assert station.transcoder.starts == 0


async def test_all_listeners_of_a_station_share_one_converter(station: Station) -> None:
    first, second = station.listen(), station.listen()
    converter = await station.converter()
    assert converter.media_type == TYPE
    converter.give(b"".join(FRAMES[:10]))
    await until(lambda: first.sent == b"".join(FRAMES[:10]))
    late = station.listen()
    converter.give(FRAMES[10])
    await until(lambda: first.sent == b"".join(FRAMES[:11]))
    assert second.sent == late.sent == first.sent
    assert station.transcoder.starts == 1


async def test_the_converter_gets_what_a_listener_would(station: Station) -> None:
    station.listen(backlog_s=3)
    converter = await station.converter()
    publish(station.live, recording(), 10)
    station.timers.let_pass(1)
    assert converter.source.sent == INITIALIZATION + b"[7][8][9][10]"


async def test_every_listener_begins_and_ends_with_whole_frames(station: Station) -> None:
    first = station.listen()
    converter = await station.converter()
    sound = b"junk" + b"".join(FRAMES[:100])
    for at in range(0, len(sound), 1000):
        late = station.listen(backlog_s=0)
        so_far = len(first.sent)
        converter.give(sound[at : at + 1000])
        await until(lambda: len(first.sent) > so_far)  # noqa: B023 - awaited at once
        whole = {bytes(one) for one in FRAMES}
        size = len(FRAMES[0])
        assert {bytes(late.sent[i : i + size]) for i in range(0, len(late.sent), size)} <= whole
        late.abort()


async def test_listeners_of_the_mp3_count_and_the_converter_does_not(station: Station) -> None:
    first, second = station.listen(), station.listen()
    await station.converter()
    assert station.listeners == 2
    plain = MemoryTransport()
    station.live.on_air(MAIN).join(plain, chunked=False, backlog_s=0)
    assert station.listeners == 3
    first.abort()
    assert station.listeners == 2
    plain.abort()
    second.abort()
    assert station.listeners == 0


async def test_a_converter_that_dies_is_replaced_and_nobody_is_disconnected(
    station: Station,
) -> None:
    listener = station.listen()
    dying = await station.converter()
    dying.give(FRAMES[0] + FRAMES[1] + FRAMES[2][:100])
    await until(lambda: bool(listener.sent))
    dying.end("It was killed.")
    replacing = await station.converter()
    assert replacing.source.sent == INITIALIZATION  # what came before has been heard
    replacing.give(FRAMES[50] + FRAMES[51])
    await until(lambda: listener.sent.endswith(FRAMES[51]))
    assert not listener.lost
    assert station.journal.lines == [
        ("live MP3 trouble", MAIN, {"reason": "It was killed."}),
    ]
    assert station.listen(backlog_s=30).sent == b"".join(FRAMES[n] for n in (0, 1, 50, 51))


@HANGS_SOON
async def test_a_converter_that_hangs_is_replaced(station: Station) -> None:
    station.listen()
    hanging = await station.converter()
    times = iter(range(10, 1000))

    async def go_on() -> None:
        while not hanging.left.is_set():
            publish(station.live, recording(), next(times))
            station.timers.let_pass(0.1)
            await asyncio.sleep(0.005)

    async with asyncio.timeout(60):
        await go_on()
    assert (await station.converter()) is not hanging


@HANGS_SOON
async def test_a_converter_whose_source_is_silent_is_left_in_peace(station: Station) -> None:
    listener = station.listen()
    converter = await station.converter()
    await asyncio.sleep(0.05)  # several times what counts as hanging
    converter.give(FRAMES[0] + FRAMES[1])
    await until(lambda: bool(listener.sent))
    assert station.transcoder.starts == 1


async def test_where_nothing_can_be_converted_the_listener_is_told_by_the_end(
    station: Station,
) -> None:
    station.transcoder.broken = True
    listener = station.listen()
    await until(lambda: listener.lost)
    assert station.listeners == 0
    assert station.journal.has("live MP3 trouble")
    station.transcoder.broken = False
    station.listen()
    await station.converter()


async def test_the_converter_goes_a_while_after_the_last_listener(station: Station) -> None:
    listener = station.listen()
    converter = await station.converter()
    listener.abort()
    station.timers.let_pass(LINGER_S - 1)
    await asyncio.sleep(0)
    assert not converter.left.is_set()
    station.timers.let_pass(2)
    await asyncio.wait_for(converter.left.wait(), 60)
    station.listen()
    assert (await station.converter()).source.sent == INITIALIZATION + b"[6][7][8][9]"


async def test_one_who_comes_in_that_while_finds_it_at_work(station: Station) -> None:
    listener = station.listen()
    converter = await station.converter()
    listener.abort()
    station.timers.let_pass(LINGER_S - 1)
    second = station.listen()
    station.timers.let_pass(LINGER_S - 1)
    second.abort()
    station.timers.let_pass(LINGER_S - 1)
    third = station.listen()
    station.timers.let_pass(10 * LINGER_S)
    converter.give(FRAMES[0] + FRAMES[1])
    await until(lambda: bool(third.sent))
    assert station.transcoder.starts == 1


async def test_the_end_of_the_broadcast_ends_the_mp3_after_its_last_frame(
    station: Station,
) -> None:
    listener = station.listen()
    converter = await station.converter()
    station.live.release(recording().id)
    assert converter.source.lost
    converter.give(FRAMES[0] + FRAMES[1])
    converter.end()
    await until(lambda: listener.lost)
    assert listener.sent.startswith(FRAMES[0])
    assert station.transcoder.starts == 1
    with pytest.raises(StationOffAir):
        station.mp3.on_air(MAIN)


@HANGS_SOON
async def test_a_converter_that_hangs_at_the_end_keeps_nobody(station: Station) -> None:
    listener = station.listen()
    await station.converter()
    station.live.release(recording().id)
    await until(lambda: listener.lost)


async def test_the_next_broadcast_is_converted_anew(station: Station) -> None:
    before = station.listen()
    old = await station.converter()
    station.live.release(recording().id)
    old.end()
    go_on_air(station.live, recording(2), 0)
    after = station.listen()
    converter = await station.converter()
    converter.give(FRAMES[7] + FRAMES[8])
    await until(lambda: bool(after.sent))
    assert before.lost
    assert before.sent == b""
    assert after.sent == FRAMES[7] + FRAMES[8]


async def test_a_source_of_mp3_is_heard_as_it_is(station: Station) -> None:
    station.live.claim(recording(2, station=JAZZ))
    station.live.publish(
        recording(2, station=JAZZ),
        media_type="audio/mpeg",
        initialization=b"",
        segments=[segment(1)],
    )
    assert station.mp3.on_air(JAZZ) is station.live.on_air(JAZZ)


async def test_a_server_that_stops_leaves_no_converter(station: Station) -> None:
    listener = station.listen()
    converter = await station.converter()
    async with station.mp3:
        pass
    assert converter.left.is_set()
    assert listener.lost
