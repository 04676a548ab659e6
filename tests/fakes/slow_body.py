"""A source whose bytes come when the test says so."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from audio_stream.usecases.append_chunk import Appended, ChunkBody

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from audio_stream.domain.ids import RecordingId
    from fakes.memory_world import MemoryWorld


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
