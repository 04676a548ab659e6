"""A proxy between the program and its S3 that breaks the requests it is told to break."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

_PIECE_BYTES = 64 * 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Change = Callable[[bytes], Awaitable[bytes]]
"""What becomes of a piece on its way; raises Cut to break the connection after some of it."""


class Cut(Exception):
    """The connection breaks here; `last` still goes through."""

    def __init__(self, last: bytes = b"") -> None:
        super().__init__()
        self.last = last


async def _as_it_is(piece: bytes) -> bytes:
    return piece


@dataclass
class Exchange:
    """One request on its way."""

    head: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    upstream: tuple[str, int]

    async def pass_on(self, upload: Change = _as_it_is, answer: Change = _as_it_is) -> None:
        """Bring the request to the server and the answer back, until one of them ends."""
        reader, writer = await asyncio.open_connection(*self.upstream)
        # One request a connection, so that none passes unseen behind another.
        head = re.sub(rb"(?im)^connection:.*\r\n", b"", self.head)
        writer.write(head[:-2] + b"Connection: close\r\n\r\n")
        pumps = [
            asyncio.create_task(_pump(self.reader, writer, upload)),
            asyncio.create_task(_pump(reader, self.writer, answer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            writer.transport.abort()
            for pump in pumps:
                pump.cancel()
        ends = await asyncio.gather(*pumps, return_exceptions=True)
        if any(isinstance(end, Cut) for end in ends):
            self.reset()

    def reset(self) -> None:
        """End the connection as a crashed peer does."""
        sock: socket.socket = self.writer.get_extra_info("socket")
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, change: Change) -> None:
    while piece := await reader.read(_PIECE_BYTES):
        try:
            writer.write(await change(piece))
        except Cut as cut:
            writer.write(cut.last)
            await writer.drain()
            raise
        await writer.drain()


Fault = Callable[[Exchange], Awaitable[None]]


def answers(status: int, code: str) -> Fault:
    """Answer with an error of S3's, and take no body."""
    body = f"<Error><Code>{code}</Code><Message>{code}, says the proxy.</Message></Error>".encode()
    head = f"HTTP/1.1 {status} Fault\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"

    async def fault(exchange: Exchange) -> None:
        exchange.writer.write(head.encode())
        if not exchange.head.startswith(b"HEAD"):
            exchange.writer.write(body)
        await exchange.writer.drain()

    return fault


async def resets(exchange: Exchange) -> None:
    """Break the connection at once."""
    exchange.reset()


async def hangs(exchange: Exchange) -> None:
    """Never answer, nor take anything."""
    while await exchange.reader.read(1):
        pass


def cuts_upload(after_bytes: int) -> Fault:
    """Break the connection in the middle of the request's body."""
    return lambda exchange: exchange.pass_on(upload=_cutting(after_bytes))


def cuts_answer(after_bytes: int) -> Fault:
    """Break the connection in the middle of the answer; its head counts too."""
    return lambda exchange: exchange.pass_on(answer=_cutting(after_bytes))


def slows(bytes_per_s: int) -> Fault:
    """Let both directions trickle."""

    async def trickle(piece: bytes) -> bytes:
        await asyncio.sleep(len(piece) / bytes_per_s)
        return piece

    return lambda exchange: exchange.pass_on(upload=trickle, answer=trickle)


async def stalls_upload(exchange: Exchange) -> None:
    """Let the first piece of the body through and nothing more, for as long as it is waited."""
    first = True

    async def stall(piece: bytes) -> bytes:
        nonlocal first
        if not first:
            await asyncio.Event().wait()
        first = False
        return piece

    await exchange.pass_on(upload=stall)


async def damages(exchange: Exchange) -> None:
    """Turn over one bit of the request's body."""
    done = False

    async def damage(piece: bytes) -> bytes:
        nonlocal done
        damaged, done = (piece if done else bytes([piece[0] ^ 1]) + piece[1:]), True
        return damaged

    await exchange.pass_on(upload=damage)


def _cutting(after_bytes: int) -> Change:
    left = after_bytes

    async def cut(piece: bytes) -> bytes:
        nonlocal left
        if len(piece) >= left:
            raise Cut(piece[:left])
        left -= len(piece)
        return piece

    return cut


class FaultProxy:
    """Serves on `url` while it is entered, and passes on what no fault was planned for."""

    def __init__(self, upstream_url: str) -> None:
        parts = urlsplit(upstream_url)
        self._upstream = (parts.hostname or "", parts.port or 80)
        self.requests: list[str] = []
        """Each as `PUT /bucket/key?partNumber=1`, in the order they came."""
        self._planned: list[tuple[str, Fault, int]] = []
        self._came = asyncio.Condition()
        self._exchanges: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for exchange in self._exchanges:
            exchange.cancel()
        await asyncio.gather(*self._exchanges, return_exceptions=True)

    def plan(self, fault: Fault, *, on: str = "", times: int = 1) -> None:
        """Break the next `times` requests in which the pattern `on` is found."""
        self._planned.append((on, fault, times))

    def mend(self) -> None:
        """Break no more."""
        self._planned.clear()

    def count(self, on: str) -> int:
        """Return how many requests had the pattern in them."""
        return sum(bool(re.search(on, request)) for request in self.requests)

    async def came(self, on: str, times: int = 1) -> None:
        """Return when so many such requests have come."""
        async with self._came:
            await self._came.wait_for(lambda: self.count(on) >= times)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._exchanges.add(task)
        try:
            await self._exchange(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # one of the two ends left
        except asyncio.CancelledError:
            pass  # the streams' own callback would log it
        finally:
            self._exchanges.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        request = head.partition(b" HTTP/")[0].decode()
        async with self._came:
            self.requests.append(request)
            self._came.notify_all()
        exchange = Exchange(head, reader, writer, self._upstream)
        fault = self._take(request)
        await (exchange.pass_on() if fault is None else fault(exchange))

    def _take(self, request: str) -> Fault | None:
        for at, (on, fault, times) in enumerate(self._planned):
            if re.search(on, request):
                self._planned[at : at + 1] = [(on, fault, times - 1)] if times > 1 else []
                return fault
        return None
