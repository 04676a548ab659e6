"""When passes over the listeners run, and what each carries."""

from __future__ import annotations

import pytest

from audio_stream.adapters.live.memory_live_feed import MemoryLiveFeed
from contracts.live_feed_contract import (
    INITIALIZATION,
    JAZZ,
    MAIN,
    TYPE,
    go_on_air,
    listen,
    publish,
    recording,
    segment,
    unchunked,
)
from fakes.memory_events import MemoryEvents
from fakes.memory_timers import MemoryTimers
from fakes.memory_transport import MemoryTransport


@pytest.fixture
def timers() -> MemoryTimers:
    return MemoryTimers()


@pytest.fixture
def feed(timers: MemoryTimers) -> MemoryLiveFeed:
    return MemoryLiveFeed(
        default_station=MAIN, events=MemoryEvents(), clock=timers, call_later=timers.call_later
    )


def costly_listeners(
    feed: MemoryLiveFeed, timers: MemoryTimers, count: int, *, each_s: float
) -> list[MemoryTransport]:
    """Add listeners each of whom it takes `each_s` to write to."""
    transports = []
    for _ in range(count):
        transport = MemoryTransport(on_write=lambda: timers.advance(each_s))
        feed.on_air(MAIN).join(transport, chunked=True, backlog_s=0)
        transports.append(transport)
    return transports


def frames(transport: MemoryTransport) -> list[bytes]:
    """Return what came after the initialization."""
    chunks, rest = unchunked(bytes(transport.sent))
    assert rest == b""
    assert chunks[0] == INITIALIZATION
    return chunks[1:]


def test_with_few_listeners_every_packet_leaves_at_once(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    listener = listen(feed, chunked=True)
    for packet in range(3):
        publish(feed, recording(), packet)
        assert frames(listener)[-1] == b"[%d]" % packet
        timers.let_pass(0.02)
    assert timers.waiting == 1  # the news of the audience


def test_segments_that_come_too_soon_after_a_pass_leave_together_in_the_next(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    listeners = costly_listeners(feed, timers, 100, each_s=0.001)
    publish(feed, recording(), 0)  # takes 0.1 s: the next may begin 0.1 s later
    publish(feed, recording(), 1)
    timers.let_pass(0.05)
    publish(feed, recording(), 2, 3)
    timers.let_pass(0.049)
    assert frames(listeners[0]) == [b"[0]"]
    timers.let_pass(0.2)
    assert {tuple(frames(x)) for x in listeners} == {(b"[0]", b"[1][2][3]")}


def test_fan_out_uses_half_of_a_core_however_much_comes(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    busy_s = 0.0

    def work() -> None:
        nonlocal busy_s
        busy_s += 0.0002
        timers.advance(0.0002)

    go_on_air(feed, recording())
    for _ in range(1000):
        feed.on_air(MAIN).join(MemoryTransport(on_write=work), chunked=False, backlog_s=0)
    busy_s, began_s = 0.0, timers.monotonic_s()
    for packet in range(500):
        publish(feed, recording(), packet)
        timers.let_pass(0.02)
    assert busy_s / (timers.monotonic_s() - began_s) == pytest.approx(0.5, abs=0.03)


def test_the_bound_holds_for_all_stations_together(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording(1))
    go_on_air(feed, recording(2, station=JAZZ))
    costly_listeners(feed, timers, 100, each_s=0.001)
    jazz = listen(feed, JAZZ)
    publish(feed, recording(1), 0)
    publish(feed, recording(2, station=JAZZ), 1)
    assert jazz.sent == INITIALIZATION
    timers.let_pass(0.1)
    assert jazz.sent == INITIALIZATION + b"[1]"


def test_a_long_pass_lets_requests_in_between_its_slices(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    listeners = [listen(feed) for _ in range(1000)]
    publish(feed, recording(), 0)
    served = sum(x.sent.endswith(b"[0]") for x in listeners)
    assert 0 < served < 1000
    timers.let_pass(0.001)
    assert all(x.sent.endswith(b"[0]") for x in listeners)


def test_who_joins_in_the_middle_of_a_pass_misses_nothing_and_hears_nothing_twice(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    for _ in range(1000):
        listen(feed)
    publish(feed, recording(), 0)
    publish(feed, recording(), 1)
    late = listen(feed, backlog_s=30)
    timers.let_pass(1)
    assert late.sent == INITIALIZATION + b"[0][1]"


def test_what_is_pending_leaves_before_the_end(feed: MemoryLiveFeed, timers: MemoryTimers) -> None:
    go_on_air(feed, recording())
    listeners = costly_listeners(feed, timers, 600, each_s=0.001)
    publish(feed, recording(), 0)
    publish(feed, recording(), 1)
    feed.release(recording().id)
    assert {tuple(frames(x)) for x in listeners} == {(b"[0]", b"[1]", b"")}
    timers.let_pass(10)
    assert timers.waiting == 0


def test_a_burst_leaves_in_frames_that_a_listener_has_room_for(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    listener = listen(feed, chunked=True)
    burst = [segment(k, 30_000) for k in range(20)]
    feed.publish(recording(), media_type=TYPE, initialization=INITIALIZATION, segments=burst)
    timers.let_pass(1)
    assert b"".join(frames(listener)) == b"".join(s.data for s in burst)
    assert max(len(frame) for frame in frames(listener)) <= 64 * 1024


def test_a_segment_that_no_listener_may_hold_is_left_out(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    listener = listen(feed)
    feed.publish(
        recording(),
        media_type=TYPE,
        initialization=INITIALIZATION,
        segments=[segment(0), segment(1, 300_000), segment(2)],
    )
    timers.let_pass(1)
    assert listener.sent == INITIALIZATION + b"[0][2]"


def test_the_backlog_is_at_most_thirty_seconds(feed: MemoryLiveFeed, timers: MemoryTimers) -> None:
    go_on_air(feed, recording(), *range(100))
    timers.let_pass(1)
    expected = b"".join(b"[%d]" % k for k in range(70, 100))
    assert listen(feed, backlog_s=30).sent == INITIALIZATION + expected


def test_the_backlog_is_at_most_192_kibibytes_of_whole_segments(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording())
    for k in range(50):
        feed.publish(
            recording(),
            media_type=TYPE,
            initialization=INITIALIZATION,
            segments=[segment(k / 10, 10_000)],
        )
        timers.let_pass(0.1)
    sent = listen(feed, backlog_s=30).sent
    assert sent.startswith(INITIALIZATION + b"[3.1]")
    assert len(sent) == len(INITIALIZATION) + 19 * 10_000


def test_the_backlog_does_not_reach_back_over_a_jump_of_time(
    feed: MemoryLiveFeed, timers: MemoryTimers
) -> None:
    go_on_air(feed, recording(), 98, 99, 100, 7, 8)
    timers.let_pass(1)
    assert listen(feed, backlog_s=4).sent == INITIALIZATION + b"[7][8]"
