"""Whenever one joins, in every container: sound at once from the live edge, and all after it."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.containers.sniffing import SNIFF_BYTES, Container, new_splitter, sniff
from contracts.live_feed_contract import recording
from contracts.splitter_contract import sample
from radio import Radio, chunk_of, head_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from audio_stream.domain.containers.segments import MediaSegment

SAMPLES = [
    "chromium-20ms.webm",
    "firefox-100ms.webm",
    "chromium-opus-mp4.mp4",
    "webkit-aac.mp4",
    "source-opus.ogg",
    "source-vorbis.ogg",
    "source-flac.ogg",
    "firefox-1000ms.ogg",
    "source-cbr.mp3",
]
BACKLOG_S = 4.0
BACKLOG_BYTES = 192 * 1024


class OnAir:
    """A recorder's file on air, segment by segment, and its listeners."""

    def __init__(self, radio: Radio, media: bytes) -> None:
        container = sniff(media[:SNIFF_BYTES])
        assert isinstance(container, Container)
        self._splitter = new_splitter(container)
        self._container = container
        self._radio = radio
        self.segments = self._splitter.feed(0, media)
        self.sent = 0
        radio.feed.claim(recording())
        self._publish([])

    def go_on(self, to: int) -> None:
        for segment in self.segments[self.sent : to]:
            self._publish([segment])
        self.sent = to

    def _publish(self, segments: Sequence[MediaSegment]) -> None:
        initialization, media_type = self._splitter.initialization, self._splitter.media_type
        assert initialization is not None
        assert media_type is not None
        self._radio.feed.publish(
            recording(), media_type=media_type, initialization=initialization, segments=segments
        )

    async def join(self, query: str = "") -> asyncio.StreamReader:
        reader = await self._radio.ask(f"/live/main{query}")
        status, _ = await head_of(reader)
        assert status == 200
        return reader

    def heard_from(self, heard: bytes) -> int:
        """Return which segment those bytes begin with, after what a decoder needs first."""
        again = new_splitter(self._container)
        assert heard.startswith(self._splitter.initialization or b"")
        assert again.feed(0, heard) or self._container is Container.MP3
        assert again.initialization in (self._splitter.initialization, None)
        sound = heard[len(self._splitter.initialization or b"") :]
        first = next(n for n, s in enumerate(self.segments) if sound.startswith(s.data))
        until = first
        while sound:
            data = self.segments[until].data
            assert sound.startswith(data)
            sound, until = sound[len(data) :], until + 1
        assert until == self.sent
        return first


@pytest.fixture(params=SAMPLES)
async def on_air(request: pytest.FixtureRequest) -> AsyncIterator[OnAir]:
    radio = Radio()
    await radio.open()
    yield OnAir(radio, sample(request.param))
    await radio.close()


def moments(on_air: OnAir) -> list[int]:
    """Return after how many segments somebody joins."""
    last = len(on_air.segments) - 1
    return sorted({1, 2, last, *Random(26).sample(range(1, last), 4)})


async def test_a_late_joiner_hears_the_newest_seconds_at_once(on_air: OnAir) -> None:
    for moment in moments(on_air):
        on_air.go_on(moment)
        reader = await on_air.join()
        first = on_air.heard_from(await chunk_of(reader))  # nothing has been published since
        newest_s = on_air.segments[moment - 1].time_s
        assert newest_s - on_air.segments[first].time_s <= BACKLOG_S
        if first > 0:
            more_bytes = sum(len(s.data) for s in on_air.segments[first - 1 : moment])
            more_s = newest_s - on_air.segments[first - 1].time_s
            assert more_s > BACKLOG_S - 0.001 or more_bytes > BACKLOG_BYTES


async def test_a_late_joiner_hears_all_that_follows(on_air: OnAir) -> None:
    joined = []
    for moment in moments(on_air):
        on_air.go_on(moment)
        reader = await on_air.join()
        joined.append((reader, await chunk_of(reader)))
    on_air.go_on(len(on_air.segments))
    on_air._radio.feed.release(recording().id)
    for reader, heard in joined:
        everything = heard
        while chunk := await chunk_of(reader):
            everything += chunk
        on_air.heard_from(everything)


async def test_one_that_wants_the_live_edge_begins_with_the_next_segment(on_air: OnAir) -> None:
    for moment in moments(on_air):
        on_air.go_on(moment)
        reader = await on_air.join("?backlog=0")
        on_air.go_on(moment + 1)
        initialization = on_air._splitter.initialization
        if initialization:
            assert await chunk_of(reader) == initialization
        assert await chunk_of(reader) == on_air.segments[moment].data
