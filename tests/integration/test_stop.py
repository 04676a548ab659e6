"""SIGTERM in the middle of everything: out within ten seconds, and nothing is lost by it."""

from __future__ import annotations

import asyncio
import base64
import signal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import ClientSession

from fakes.sounds import webm
from integration.forked import Forks

if TYPE_CHECKING:
    from pathlib import Path

LISTENERS = 200
STATIONS = ("one", "two", "three")
SOUND = webm(200)
HALF = len(SOUND) // 2
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = TUS | {"Content-Type": "application/offset+octet-stream"}


async def begin(session: ClientSession, station: str) -> str:
    """Start a live recording with half of its sound; return its path."""
    coded = base64.b64encode(station.encode()).decode()
    how = {"Upload-Defer-Length": "1", "Upload-Metadata": f"station {coded}"}
    async with session.post("/api/recordings", headers=TUS | how) as response:
        path = urlsplit(response.headers["Location"]).path
    await append(session, path, 0, SOUND[:HALF])
    return path


async def append(session: ClientSession, path: str, offset: int, data: bytes) -> None:
    headers = CHUNK | {"Upload-Offset": str(offset)}
    if offset:
        headers["Upload-Length"] = str(len(SOUND))
    async with session.patch(path, data=data, headers=headers) as response:
        assert response.status == 204


class Listener:
    """A connection that has got its first sound."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def hear_to_the_end(self) -> None:
        await self._reader.read()
        self._writer.close()
        await self._writer.wait_closed()


async def listen(address: str, station: str) -> Listener:
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET /live/{station} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head
    assert await reader.read(100)
    return Listener(reader, writer)


async def test_a_full_house_is_left_within_ten_seconds_and_recordings_go_on(
    tmp_path: Path,
) -> None:
    with Forks(tmp_path) as forks:
        server = await asyncio.to_thread(forks.serve, tmp_path / "data")
        async with ClientSession(server.address) as session:
            paths = [await begin(session, station) for station in STATIONS]
            listeners = [
                await listen(server.address, STATIONS[number % len(STATIONS)])
                for number in range(LISTENERS)
            ]
            server.send(signal.SIGTERM)
            async with asyncio.timeout(10):
                ended = await asyncio.to_thread(server.wait)
        assert ended.code == 0, ended.stderr
        assert "Traceback" not in ended.stderr
        await asyncio.gather(*(listener.hear_to_the_end() for listener in listeners))

        server = await asyncio.to_thread(forks.serve, tmp_path / "data")
        async with ClientSession(server.address) as session:
            for path in paths:
                async with session.head(path, headers=TUS) as response:
                    assert response.headers["Upload-Offset"] == str(HALF)
                await append(session, path, HALF, SOUND[HALF:])
        server.send(signal.SIGTERM)
        assert (await asyncio.to_thread(server.wait)).code == 0
