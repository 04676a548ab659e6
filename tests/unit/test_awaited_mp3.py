"""MP3s that are made elsewhere: awaited, given up on, and asked for again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audio_stream.adapters.blob.awaited_mp3 import AwaitedMp3Converter
from audio_stream.domain.errors import MediaToolFailed
from audio_stream.domain.ids import StationSlug, TrackId
from audio_stream.domain.titles import Title
from audio_stream.domain.tracks import (
    Rendition,
    RenditionKind,
    RenditionState,
    Track,
    TrackState,
    mp3_key,
)
from fakes.memory_blob_store import MemoryBlobStore
from fakes.memory_clock import MemoryClock

TRACK = Track(
    id=TrackId("0a" * 16),
    name="song",
    title=Title("Song"),
    station=StationSlug("main"),
    created_at=datetime(2026, 11, 22, tzinfo=UTC),
    state=TrackState.READY,
    revision="77aa",
    original=Rendition(
        kind=RenditionKind.ORIGINAL, state=RenditionState.READY, key="originals/x/77aa.webm"
    ),
)


class World:
    def __init__(self) -> None:
        self.blobs = MemoryBlobStore()
        self.clock = MemoryClock()
        self.announced: list[str] = []
        self.converter = AwaitedMp3Converter(
            blobs=self.blobs, announce=self.announce, clock=self.clock, patience_s=1200.0
        )

    async def announce(self, key: str) -> None:
        self.announced.append(key)


async def test_until_it_is_there_one_is_told_to_ask_again() -> None:
    world = World()
    assert await world.converter.convert(TRACK) is None
    await world.blobs.put(mp3_key(TRACK.id, "77aa"), b"mp3", mime_type="audio/mpeg")
    rendition = await world.converter.convert(TRACK)
    assert rendition is not None
    assert rendition.state is RenditionState.READY
    assert rendition.size_bytes == 3
    assert world.announced == []


async def test_after_twenty_minutes_it_has_failed_with_a_reason() -> None:
    world = World()
    await world.converter.convert(TRACK)
    world.clock.advance(1199)
    assert await world.converter.convert(TRACK) is None
    world.clock.advance(2)
    with pytest.raises(MediaToolFailed, match="20 minutes"):
        await world.converter.convert(TRACK)


async def test_starting_over_waits_anew_and_announces_the_original() -> None:
    world = World()
    await world.converter.convert(TRACK)
    world.clock.advance(1201)
    await world.converter.start_over(TRACK)
    assert world.announced == ["originals/x/77aa.webm"]
    assert await world.converter.convert(TRACK) is None
