"""A server with nothing but live sound, and raw connections to it."""

from __future__ import annotations

import asyncio

from aiohttp import web

from audio_stream.adapters.http.base_url import TRUSTED_PROXIES, parse_networks
from audio_stream.adapters.http.common_headers import on_response_prepare
from audio_stream.adapters.http.live_controller import LiveController
from audio_stream.adapters.http.problems import problems_middleware
from audio_stream.adapters.http.room import Room
from audio_stream.adapters.live.memory_live_feed import MemoryLiveFeed
from audio_stream.adapters.live.mp3_feed import Mp3Feed
from contracts.live_feed_contract import MAIN, recording
from fakes.memory_clock import MemoryClock
from fakes.memory_events import MemoryEvents
from fakes.memory_journal import MemoryJournal
from fakes.memory_transcoder import MemoryTranscoder

ROOM_ENOUGH = 1 << 20


class Radio:
    """Stations, who listens to them, and a clock."""

    def __init__(self, *, most_listeners: int = 0, descriptors: int = ROOM_ENOUGH) -> None:
        self.clock = MemoryClock()
        self.feed = MemoryLiveFeed(
            default_station=MAIN,
            events=MemoryEvents(),
            clock=self.clock,
            drop_after_s=30,
            most_listeners=most_listeners,
        )
        app = web.Application(middlewares=[problems_middleware(MemoryJournal())])
        app.on_response_prepare.append(on_response_prepare)
        app[TRUSTED_PROXIES] = parse_networks(["127.0.0.1"])
        self.transcoder = MemoryTranscoder()
        self.mp3 = Mp3Feed(
            live=self.feed,
            transcoder=self.transcoder,
            clock=self.clock,
            journal=MemoryJournal(),
        )
        controller = LiveController(
            live=self.feed, mp3=self.mp3, default_station=MAIN, room=Room(descriptors)
        )
        app.add_routes(controller.routes())
        app.on_shutdown.append(self._end_broadcast)
        self.runner = web.AppRunner(app, access_log=None)
        self.port = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self) -> None:
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.port = self.runner.addresses[0][1]

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
        await self.runner.cleanup()
        async with self.mp3:
            pass

    async def _end_broadcast(self, _app: web.Application) -> None:
        self.feed.release(recording().id)

    async def ask(
        self, path: str, *headers: str, method: str = "GET", version: str = "1.1"
    ) -> asyncio.StreamReader:
        """Send a request on a connection of its own; return what can be read from it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        lines = [f"{method} {path} HTTP/{version}", f"Host: radio.example:{self.port}", *headers]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        return reader

    def hang_up(self) -> None:
        """Close the newest connection."""
        self._writers.pop().close()

    async def until_listeners(self, count: int) -> None:
        """Return once so many listen."""
        async with asyncio.timeout(20):
            while self.feed.stations()[0].listeners != count:  # noqa: ASYNC110 - that event is news only a second later
                await asyncio.sleep(0)

    def connections_of_aiohttp(self) -> int:
        assert self.runner.server is not None
        return len(self.runner.server.connections)


async def head_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Return status and headers."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
    headers = dict(line.split(": ", 1) for line in lines[1:] if line)
    return int(lines[0].split()[1]), {k.lower(): v for k, v in headers.items()}


async def chunk_of(reader: asyncio.StreamReader) -> bytes:
    """Return the next chunk."""
    size = int(await reader.readline(), 16)
    return (await reader.readexactly(size + 2))[:-2]
