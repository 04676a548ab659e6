"""What makes a line bad and a machine slow, for benchmarks/latency.py."""

from __future__ import annotations

import asyncio
import random
import re
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

LATE_SHARE = 0.02
LATE_S = (0.060, 0.150)
_PIECE_BYTES = 64 * 1024
_REQUEST = re.compile(rb"[A-Z]+ /")


class LateLine:
    """Passes connections on to a server, and holds one request in fifty back for a moment.

    On a rough one this befalls a piece of an answer on its way down too, such as a segment of the
    live sound. What follows on the same connection waits behind it, as behind a lost packet.
    """

    def __init__(self, upstream_url: str, *, is_rough: bool, seed: int = 1) -> None:
        parts = urlsplit(upstream_url)
        self._upstream = (parts.hostname or "", parts.port or 80)
        self._is_rough = is_rough
        self._random = random.Random(seed)
        self._connections: set[asyncio.Task[None]] = set()
        self.late = 0
        self.passed = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Give the address that is late now and then."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield f"http://localhost:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for connection in self._connections:
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._connections.add(task)
        with suppress(ConnectionError, asyncio.CancelledError):
            up_reader, up_writer = await asyncio.open_connection(*self._upstream)
            both = [
                asyncio.create_task(self._pump(reader, up_writer, is_up=True)),
                asyncio.create_task(self._pump(up_reader, writer, is_up=False)),
            ]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in both:
                    pump.cancel()
                await asyncio.gather(*both, return_exceptions=True)
                up_writer.close()
        writer.close()
        self._connections.discard(task)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_up: bool
    ) -> None:
        while piece := await reader.read(_PIECE_BYTES):
            if _REQUEST.match(piece) if is_up else self._is_rough:
                self.passed += 1
                if self._random.random() < LATE_SHARE:
                    self.late += 1
                    await asyncio.sleep(self._random.uniform(*LATE_S))
            writer.write(piece)
            await writer.drain()


@contextmanager
def hogs(count: int) -> Iterator[None]:
    """Keep the machine busy with so many programs that never rest."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for hog in busy:
            hog.kill()
            hog.wait()
