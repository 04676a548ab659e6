"""Sources for benchmarks/ingest.py: each keeps one request in flight, as the recorder does."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fanout_source import cluster, webm_start

PACKET_S = 0.02
_HEAD = (
    "{method} {path} HTTP/1.1\r\nHost: {host}\r\nTus-Resumable: 1.0.0\r\n"
    "Content-Length: {length}\r\n{more}\r\n"
)


@dataclass
class Delays:
    """How long acknowledgements took, from when a chunk was due."""

    milliseconds: list[float] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        """Return the delay that this share of all stayed below."""
        if not self.milliseconds:
            return float("nan")
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Sound:
    """A live recording's bytes: a packet each 20 ms, at the bit rate."""

    def __init__(self, bitrate_bps: int) -> None:
        self._packet_bytes = int(bitrate_bps / 8 * PACKET_S)
        self._packets = 0

    def until(self, elapsed_s: float) -> bytes:
        """Return what was recorded since the last call."""
        due = int(elapsed_s / PACKET_S)
        first, self._packets = self._packets, max(self._packets, due)
        return b"".join(
            cluster(number * 20, time.monotonic_ns(), self._packet_bytes)
            for number in range(first, self._packets)
        )


class Connection:
    """One kept connection, and no more HTTP than is needed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def request(self, method: str, path: str, more: str, body: bytes = b"") -> str:
        """Return the response's head. Raises AssertionError for a refusal."""
        head = _HEAD.format(method=method, path=path, host="127.0.0.1", length=len(body), more=more)
        self._writer.write(head.encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        assert answer.split(" ", 2)[1] in ("201", "204"), answer
        return answer

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()


class Source:
    """A recording on a station of its own."""

    def __init__(self, connection: Connection, path: str, bitrate_bps: int) -> None:
        self._connection = connection
        self._path = path
        self._offset = 0
        self._sound = Sound(bitrate_bps)

    @classmethod
    async def begin(cls, port: int, number: int, bitrate_bps: int) -> Source:
        """Start a recording."""
        connection = await Connection.open(port)
        station = base64.b64encode(f"station-{number}".encode()).decode()
        answer = await connection.request(
            "POST",
            "/api/recordings",
            f"Upload-Defer-Length: 1\r\nUpload-Metadata: station {station}\r\n",
        )
        location = next(line for line in answer.split("\r\n") if line.startswith("Location: "))
        source = cls(connection, "/api" + location.partition("/api")[2], bitrate_bps)
        await source.append(webm_start())
        return source

    async def append(self, data: bytes) -> None:
        """Append; return when it is acknowledged."""
        more = f"Upload-Offset: {self._offset}\r\nContent-Type: application/offset+octet-stream\r\n"
        await self._connection.request("PATCH", self._path, more, data)
        self._offset += len(data)

    async def record_until(self, elapsed_s: float) -> None:
        """Append what was recorded until then."""
        await self.append(self._sound.until(elapsed_s))

    async def close(self) -> None:
        """Hang up."""
        await self._connection.close()


Append = Callable[[float], Awaitable[None]]


async def keep_pace(
    append: Append, every_s: float, seconds: float, *, phase_s: float, delays: Delays
) -> None:
    """Call `append` each time it is due, once at a time; what is late is batched with the next."""
    loop = asyncio.get_running_loop()
    began = loop.time() + phase_s
    due = began + every_s
    while due < began + seconds:
        await asyncio.sleep(due - loop.time())
        await append(loop.time() - began)
        ended = loop.time()
        delays.milliseconds.append((ended - due) * 1000)
        due = max(due + every_s, ended)
