"""A source that does not give up, and the ways of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.sounds import ogg

if TYPE_CHECKING:
    from audio_stream.domain.ids import RecordingId
    from fakes.memory_world import MemoryWorld

SOUND = ogg(3000)


class Source:
    """A source that does not give up, as every tus client should be."""

    def __init__(self, world: MemoryWorld) -> None:
        self.world = world
        self.id: RecordingId | None = None
        self.acknowledged = 0

    async def begin(self) -> None:
        self.id = await self.world.begin()

    async def send(self, until: int) -> None:
        assert self.id is not None
        end = len(SOUND) if until == len(SOUND) else None
        self.acknowledged = await self.world.append(
            self.id, self.acknowledged, SOUND[self.acknowledged : until], length_bytes=end
        )

    async def complete(self) -> None:
        """Go on where the server is, to the end."""
        assert self.id is not None
        offset = await self.world.offset(self.id)
        assert offset >= self.acknowledged, "what was acknowledged is kept"
        self.acknowledged = offset
        await self.send(len(SOUND))


async def straight(world: MemoryWorld, source: Source) -> None:
    await source.begin()
    for until in (1000, 3000):
        await source.send(until)
    await world.settle()
