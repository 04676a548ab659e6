"""A listener that cannot keep up costs nobody but itself."""

from __future__ import annotations

import asyncio
import random
import socket
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.live.memory_live_feed import MemoryLiveFeed
from contracts.live_feed_contract import (
    INITIALIZATION,
    MAIN,
    TYPE,
    go_on_air,
    listen,
    publish,
    recording,
    segment,
    unchunked,
)
from fakes.memory_clock import MemoryClock
from fakes.memory_events import MemoryEvents
from fakes.memory_timers import MemoryTimers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from audio_stream.domain.containers.segments import MediaSegment


@pytest.fixture
def timers() -> MemoryTimers:
    return MemoryTimers()


@pytest.fixture
def feed(timers: MemoryTimers) -> MemoryLiveFeed:
    return MemoryLiveFeed(
        default_station=MAIN,
        events=MemoryEvents(),
        clock=timers,
        call_later=timers.call_later,
        drop_after_s=30,
    )


def send(feed: MemoryLiveFeed, *segments: MediaSegment) -> None:
    feed.publish(
        recording(), media_type=TYPE, initialization=INITIALIZATION, segments=list(segments)
    )


def test_what_was_begun_is_finished_and_what_has_no_room_is_skipped_whole(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    slow, quick = listen(feed, chunked=True), listen(feed)
    slow.room = 5000
    sent = [segment(k, 4000) for k in range(200)]
    for one in sent[:150]:
        send(feed, one)
        timers.let_pass(0.1)
    slow.let_read(None)
    for one in sent[150:]:
        send(feed, one)
        timers.let_pass(0.1)
    chunks, rest = unchunked(bytes(slow.sent))
    assert rest == b""
    heard = chunks[1:]
    assert [s.data for s in sent if s.data in heard] == heard
    assert 50 < len(heard) < 150
    assert heard[-50:] == [s.data for s in sent[150:]]
    assert quick.sent == INITIALIZATION + b"".join(s.data for s in sent)


def test_the_others_get_every_segment_the_moment_it_comes(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    stalled = [listen(feed) for _ in range(50)]
    for one in stalled:
        one.room = 0
    other = listen(feed)
    for k in range(400):
        send(feed, segment(k, 4000))
        assert other.sent.endswith(segment(k, 4000).data)
        timers.let_pass(0.1)
    assert len(other.sent) == len(INITIALIZATION) + 400 * 4000
    assert all(one.aborted for one in stalled)


def test_it_never_holds_more_than_256_kibibytes(feed: MemoryLiveFeed, timers: MemoryTimers) -> None:
    chance = random.Random(3)
    go_on_air(feed, recording())
    for k in range(40):
        send(feed, segment(k, 10_000))
        timers.let_pass(0.02)
    stalled = listen(feed, chunked=True, backlog_s=30)
    stalled.room = 0
    for k in range(40, 400):
        send(feed, segment(k, chance.randint(10, 60_000)))
        timers.let_pass(0.05)
        assert stalled.get_write_buffer_size() <= (256 - 64) * 1024


def test_one_that_takes_nothing_for_30_s_is_disconnected(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    stalled, other = listen(feed), listen(feed)
    stalled.room = 0
    for k in range(299):
        publish(feed, recording(), k)
        timers.let_pass(0.1)
    assert not stalled.lost
    for k in range(5):
        publish(feed, recording(), k)
        timers.let_pass(0.1)
    assert stalled.aborted
    assert not other.lost
    assert feed.stations()[0].listeners == 1


def test_one_that_goes_on_taking_a_little_stays(feed: MemoryLiveFeed, timers: MemoryTimers) -> None:
    go_on_air(feed, recording())
    slow = listen(feed)
    slow.room = 0
    for k in range(1000):
        send(feed, segment(k, 4000))
        if k % 200 == 199:
            slow.let_read(100)
        timers.let_pass(0.1)
    assert not slow.lost


def test_one_that_comes_back_in_time_is_at_the_live_edge_again(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    listener = listen(feed)
    listener.room = 0
    for k in range(200):
        send(feed, segment(k, 4000))
        timers.let_pass(0.1)
    listener.let_read(None)
    publish(feed, recording(), 200)
    assert listener.sent.endswith(b"[200]")
    for k in range(400):
        publish(feed, recording(), 201 + k)
        timers.let_pass(0.1)
    assert listener.sent.endswith(b"[600]")


def test_one_that_takes_nothing_does_not_keep_the_end_waiting(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    stalled = listen(feed)
    stalled.room = 0
    send(feed, segment(0, 4000))
    feed.release(recording().id)
    assert not stalled.lost
    timers.let_pass(6)
    assert stalled.aborted


def test_one_that_takes_the_rest_in_time_gets_all_of_it(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    slow = listen(feed, chunked=True)
    slow.room = 0
    send(feed, segment(0, 4000))
    feed.release(recording().id)
    timers.let_pass(4)
    slow.let_read(None)
    assert slow.lost
    timers.let_pass(6)
    assert not slow.aborted
    assert slow.sent.endswith(segment(0, 4000).data + b"\r\n0\r\n\r\n")


class TestOnARealSocket:
    """The descriptor's way gives the same bytes as the transport's."""

    @pytest.fixture
    async def connection(self) -> AsyncIterator[tuple[asyncio.Transport, socket.socket]]:
        ours, theirs = socket.socketpair()
        theirs.settimeout(0)
        transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, sock=ours
        )
        yield transport, theirs
        theirs.close()
        if not transport.is_closing():
            transport.abort()
        await asyncio.sleep(0)  # lets the transport close its socket

    @pytest.fixture
    def feed(self) -> MemoryLiveFeed:
        return MemoryLiveFeed(default_station=MAIN, events=MemoryEvents(), clock=MemoryClock())

    async def test_frames_cut_by_a_full_socket_arrive_whole(
        self, feed: MemoryLiveFeed, connection: tuple[asyncio.Transport, socket.socket]
    ) -> None:
        transport, theirs = connection
        go_on_air(feed, recording())
        feed.on_air(MAIN).join(transport, chunked=True, backlog_s=0)
        chance = random.Random(5)
        sent = [segment(k, chance.randint(1000, 50_000)) for k in range(300)]
        got = bytearray()
        loop = asyncio.get_running_loop()
        for k, one in enumerate(sent):
            send(feed, one)
            if k % 20 == 19:
                while len(got) < 300_000 * (k // 20 + 1):
                    got += await loop.sock_recv(theirs, 1 << 16)
                    if transport.get_write_buffer_size() == 0:
                        break
        feed.release(recording().id)
        while data := await loop.sock_recv(theirs, 1 << 16):
            got += data
        chunks, rest = unchunked(bytes(got))
        assert rest == b""
        assert chunks[-1] == b""
        heard = b"".join(chunks[1:])
        whole = [s.data for s in sent]
        skipped = 0
        for data in whole:
            if heard.startswith(data):
                heard = heard[len(data) :]
            else:
                skipped += 1
        assert heard == b""
        assert 0 < skipped < 290

    async def test_one_that_has_gone_is_forgotten_at_once(
        self, feed: MemoryLiveFeed, connection: tuple[asyncio.Transport, socket.socket]
    ) -> None:
        transport, theirs = connection
        go_on_air(feed, recording())
        feed.on_air(MAIN).join(transport, chunked=True, backlog_s=0)
        assert feed.stations()[0].listeners == 1
        theirs.close()
        publish(feed, recording(), 1)
        async with asyncio.timeout(60):
            while feed.stations()[0].listeners:  # noqa: ASYNC110 - that event is news only a second later
                await asyncio.sleep(0)
        publish(feed, recording(), 2)
