"""Connections that ask nothing, ask too slowly or take no answer do not stay."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from audio_stream.adapters.live.timer import Timer
from audio_stream.infrastructure.doorkeeper import Doorkeeper, Patience
from audio_stream.infrastructure.gradual_site import GradualSite
from fakes.memory_timers import MemoryTimers
from fakes.memory_transport import MemoryTransport

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
SHORT_S = 0.3
LONG_S = 3600.0
PIECE = bytes(1 << 20)


class House:
    """A server with one greeting and one endless answer."""

    def __init__(self) -> None:
        self.port = 0
        self.left = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    async def greet(self, _request: web.Request) -> web.Response:
        return web.Response(text="Hello")

    async def pour(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(PIECE)
        finally:
            self.left.set()

    async def knock(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        return reader, writer

    def close(self) -> None:
        for writer in self._writers:
            writer.close()


@asynccontextmanager
async def opened(
    patience: Patience, *, keepalive_timeout_s: float = LONG_S
) -> AsyncIterator[House]:
    house = House()
    app = web.Application()
    app.add_routes([web.get("/", house.greet), web.get("/endless", house.pour)])
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=keepalive_timeout_s)
    await runner.setup()
    await GradualSite(runner, "127.0.0.1", 0, patience=patience).start()
    house.port = runner.addresses[0][1]
    try:
        async with asyncio.timeout(60):
            yield house
    finally:
        house.close()
        await runner.cleanup()


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """Return what came before the end."""
    got = bytearray()
    try:
        while data := await reader.read(1 << 16):
            got += data
    except ConnectionResetError:
        pass
    return bytes(got)


async def test_a_connection_that_asks_nothing_is_closed() -> None:
    async with opened(Patience(headers_s=SHORT_S)) as house:
        reader, _ = await house.knock()
        assert await until_closed(reader) == b""


async def test_headers_that_trickle_in_are_closed_however_often_something_comes() -> None:
    async with opened(Patience(headers_s=SHORT_S)) as house:
        reader, writer = await house.knock()
        writer.write(b"GET / HTTP/1.1\r\n")

        async def trickle() -> None:
            number = 0
            while not reader.at_eof():
                number += 1
                writer.write(b"X-%d: a\r\n" % number)
                await asyncio.sleep(SHORT_S / 10)

        trickling = asyncio.ensure_future(trickle())
        assert await until_closed(reader) == b""
        trickling.cancel()


async def test_who_has_asked_may_stay_longer_than_who_has_not() -> None:
    async with opened(Patience(headers_s=4 * SHORT_S)) as house:
        asking, writer = await house.knock()
        writer.write(REQUEST)
        assert b" 200 " in await asking.readuntil(b"Hello")
        silent, _ = await house.knock()
        assert await until_closed(silent) == b""  # so much time has passed
        writer.write(REQUEST)
        assert b" 200 " in await asking.readuntil(b"Hello")


async def test_a_connection_that_is_idle_after_its_answer_is_closed() -> None:
    async with opened(Patience(), keepalive_timeout_s=SHORT_S) as house:
        reader, writer = await house.knock()
        writer.write(REQUEST)
        assert (await until_closed(reader)).endswith(b"Hello")


async def test_thousands_that_say_nothing_keep_nobody_out() -> None:
    patience = Patience(headers_s=LONG_S, silent_connections=20)
    async with opened(patience) as house:
        silent = [await house.knock() for _ in range(200)]
        reader, writer = await house.knock()
        writer.write(REQUEST)
        assert b" 200 " in await reader.readuntil(b"Hello")
        for oldest, _ in silent[:180]:
            assert await until_closed(oldest) == b""
        youngest, writer = silent[-1]
        writer.write(REQUEST)
        assert b" 200 " in await youngest.readuntil(b"Hello")


async def test_an_answer_that_is_not_taken_ends() -> None:
    async with opened(Patience(taking_s=SHORT_S)) as house:
        _, writer = await house.knock()
        writer.write(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        await house.left.wait()  # the client's reader takes 128 KiB, and then no more


async def test_an_answer_that_is_taken_slowly_goes_on() -> None:
    timers = MemoryTimers()
    patience = Patience(headers_s=LONG_S, taking_s=60)
    keeper = Doorkeeper(web.Server(nobody_asks), patience, Timer(timers, timers.call_later))
    transport = MemoryTransport()
    transport.room = 0
    connection = keeper.let_in()
    connection.connection_made(transport)
    transport.set_protocol(connection)
    await asyncio.sleep(0)  # aiohttp begins to wait for a request
    transport.write(PIECE)
    for _ in range(10):
        timers.let_pass(55)
        transport.let_read(1)
        assert not transport.aborted
    timers.let_pass(70)
    assert transport.aborted


async def nobody_asks(_request: web.BaseRequest) -> web.StreamResponse:
    raise AssertionError


async def test_who_has_asked_counts_no_longer_among_the_silent() -> None:
    patience = Patience(headers_s=LONG_S, silent_connections=1)
    async with opened(patience) as house:
        inside = []
        for _ in range(30):
            reader, writer = await house.knock()
            inside.append((reader, writer))
            for reader, writer in inside:
                writer.write(REQUEST)
                assert b" 200 " in await reader.readuntil(b"Hello")
