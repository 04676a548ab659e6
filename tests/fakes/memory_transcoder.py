"""A converter of live sound whose output is what the test says."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from audio_stream.domain.errors import MediaToolFailed
from audio_stream.usecases.ports import LiveTranscoder, Transcoding
from fakes.memory_transport import MemoryTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class MemoryConverter:
    """One of them, at work until the test ends it or it is left."""

    def __init__(self, media_type: str) -> None:
        self.media_type = media_type
        self.source = MemoryTransport()
        self.mp3 = asyncio.StreamReader()
        self.left = asyncio.Event()
        self.failure: str | None = None

    def give(self, mp3: bytes) -> None:
        """Put out some MP3."""
        self.mp3.feed_data(mp3)

    def end(self, failure: str | None = None) -> None:
        """End by itself, as a failure if it has words for that."""
        self.failure = failure
        self.mp3.feed_eof()


class MemoryTranscoder(LiveTranscoder):
    """Starts converters that a test takes from `started`. `broken`: none can be started."""

    def __init__(self) -> None:
        self.started: asyncio.Queue[MemoryConverter] = asyncio.Queue()
        self.starts = 0
        self.broken = False

    @asynccontextmanager
    async def start(self, media_type: str) -> AsyncIterator[Transcoding]:
        self.starts += 1
        if self.broken:
            raise MediaToolFailed("There is no ffmpeg.")
        converter = MemoryConverter(media_type)
        self.started.put_nowait(converter)
        try:
            yield Transcoding(converter.source, converter.mp3)
        finally:
            if not converter.source.lost:
                converter.source.abort()
            converter.left.set()
        if converter.failure:
            raise MediaToolFailed(converter.failure)
