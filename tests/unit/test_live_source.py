"""LiveSource: what of a recording goes on air."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.live.memory_live_feed import MemoryLiveFeed
from audio_stream.domain.containers.sniffing import ACCEPTED_LIVE
from audio_stream.domain.errors import MalformedMedia, UnsupportedMedia
from audio_stream.domain.ids import StationSlug, new_recording_id
from audio_stream.domain.recordings import Recording
from audio_stream.domain.titles import Title
from audio_stream.usecases.live_source import LiveSource
from fakes.memory_clock import MemoryClock
from fakes.memory_events import MemoryEvents
from fakes.sounds import ogg, webm

if TYPE_CHECKING:
    from fakes.memory_world import MemoryWorld

MAIN = StationSlug("main")


def a_recording(*, live: bool = True) -> Recording:
    return Recording(
        id=new_recording_id(),
        station=MAIN,
        title=Title("A song"),
        live=live,
        claimed_type="",
        started_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock()


@pytest.fixture
async def feed(clock: MemoryClock) -> MemoryLiveFeed:
    return MemoryLiveFeed(default_station=MAIN, events=MemoryEvents(), clock=clock)


@pytest.mark.parametrize("piece_bytes", [1, 7, 100, 100_000])
async def test_it_is_on_air_with_its_first_sound_however_it_comes(
    feed: MemoryLiveFeed, clock: MemoryClock, piece_bytes: int
) -> None:
    recording, sound = a_recording(), webm(20)
    source = LiveSource(recording, feed, clock)
    for at in range(0, len(sound), piece_bytes):
        source.feed(at, sound[at : at + piece_bytes])
    assert feed.carries(recording.id)
    assert source.duration_s == pytest.approx(0.38)


async def test_bytes_that_were_seen_before_a_failed_append_count_once(
    feed: MemoryLiveFeed, clock: MemoryClock
) -> None:
    sound = webm(20)
    source = LiveSource(a_recording(), feed, clock)
    for at, end in ((0, 10), (0, 40), (20, 30), (30, 600), (30, 500), (500, len(sound))):
        source.feed(at, sound[at:end])
    assert source.duration_s == pytest.approx(0.38)


@pytest.mark.parametrize(
    ("bytes_", "error"),
    [
        (b"GIF89a" + bytes(100), UnsupportedMedia),
        (webm()[:60] + b"\x16\x54\xae\x6b" + b"\x00" * 100, MalformedMedia),
    ],
)
async def test_what_cannot_be_played_is_an_error_and_not_on_air(
    feed: MemoryLiveFeed, clock: MemoryClock, bytes_: bytes, error: type[Exception]
) -> None:
    recording = a_recording()
    source = LiveSource(recording, feed, clock)
    for _ in range(2):  # a source that sends it again is told again
        with pytest.raises(error):
            source.feed(0, bytes_)
    assert not feed.carries(recording.id)


@pytest.mark.parametrize("bytes_", [b"GIF89a" + bytes(100), b"fLaC" + bytes(100)])
async def test_what_cannot_go_on_air_is_told_what_can(
    feed: MemoryLiveFeed, clock: MemoryClock, bytes_: bytes
) -> None:
    with pytest.raises(UnsupportedMedia) as refused:
        LiveSource(a_recording(), feed, clock).feed(0, bytes_)
    assert refused.value.accepted == ACCEPTED_LIVE


async def test_a_file_is_only_sniffed(feed: MemoryLiveFeed, clock: MemoryClock) -> None:
    recording = a_recording(live=False)
    source = LiveSource(recording, feed, clock)
    source.feed(0, ogg(100))
    source.feed(100, b"\xff" * 1000)
    assert (source.duration_s, source.off_air_reason) == (None, None)
    assert not feed.carries(recording.id)


async def test_while_another_has_the_station_it_stays_off_air_and_takes_it_when_free(
    feed: MemoryLiveFeed, clock: MemoryClock
) -> None:
    other, recording, sound = a_recording(), a_recording(), webm(50)
    feed.claim(other)
    source = LiveSource(recording, feed, clock)
    source.feed(0, sound[:1500])
    assert not feed.carries(recording.id)
    feed.release(other.id)
    source.feed(1500, sound[1500:])
    assert feed.carries(recording.id)


async def test_a_replay_publishes_nothing_and_what_follows_is_heard(
    feed: MemoryLiveFeed, clock: MemoryClock
) -> None:
    recording, sound = a_recording(), webm(50)
    source = LiveSource(recording, feed, clock)
    source.replay(0, sound[:1500])
    assert not feed.carries(recording.id)
    source.feed(1500, sound[1500:])
    assert feed.carries(recording.id)
    assert source.duration_s == pytest.approx(0.98)


async def test_a_replay_of_damage_only_keeps_it_off_air(
    feed: MemoryLiveFeed, clock: MemoryClock
) -> None:
    recording, sound = a_recording(), webm(50)
    source = LiveSource(recording, feed, clock)
    source.replay(0, sound)
    source.replay(len(sound), b"\xff" * 3000)
    assert source.off_air_reason is not None
    source.feed(len(sound) + 3000, b"more")
    assert not feed.carries(recording.id)


async def test_a_large_file_is_not_read_again_after_a_restart(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, ogg(20_000))
    world.start()
    assert await world.offset(recording_id) == 20_000
    assert world.spool.reads == 0
    await world.append(recording_id, 20_000, b"more")


async def test_a_small_file_is_still_sniffed_after_a_restart(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, b"RI")
    world.start()
    with pytest.raises(UnsupportedMedia):
        await world.append(recording_id, 2, b"DDLE" + bytes(100))
