"""Hundreds come back in the same moment: all get an answer, and the source hardly waits."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, web
from dependency_injector import providers

from audio_stream.infrastructure.app import SERVER_OPTIONS, make_app
from audio_stream.infrastructure.container import Container
from audio_stream.infrastructure.gradual_site import GradualSite
from audio_stream.infrastructure.settings import Settings
from fakes.memory_media import MemoryMediaTool
from fakes.quick_files import QuickFiles
from fakes.sounds import webm
from served import CHUNK, TUS, path_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CROWD = 300
PLACES = 250
SOUND = webm(200)
HALF = len(SOUND) // 2


@pytest.fixture
def container(tmp_path: Path) -> Container:
    settings = Settings(data_dir=tmp_path, disk_reserve=0, max_listeners=PLACES)
    return Container(
        settings=settings,
        media=providers.Object(MemoryMediaTool()),
        files=providers.Object(QuickFiles()),  # else a slow disk lets all in meanwhile
    )


@pytest.fixture
async def port(container: Container) -> AsyncIterator[int]:
    runner = web.AppRunner(make_app(container), access_log=None, **SERVER_OPTIONS)
    await runner.setup()
    await GradualSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def append(http: ClientSession, path: str, offset: int, data: bytes) -> None:
    headers = CHUNK | {"Upload-Offset": str(offset)}
    async with http.patch(path, data=data, headers=headers) as response:
        assert response.status == 204


async def test_all_are_served_or_told_when_to_come_back_and_the_source_waits_for_few(
    container: Container, port: int
) -> None:
    async with ClientSession(f"http://127.0.0.1:{port}") as http:
        how = TUS | {"Upload-Defer-Length": "1"}
        async with http.post("/api/recordings", headers=how) as response:
            path = path_of(response)
        await append(http, path, 0, SOUND[:HALF])
        with ExitStack() as stack:
            crowd = [
                stack.enter_context(socket.create_connection(("127.0.0.1", port)))
                for _ in range(CROWD)
            ]
            for one in crowd:
                one.sendall(b"GET /live/main HTTP/1.1\r\nHost: a\r\n\r\n")
                one.settimeout(0)
            await append(http, path, HALF, SOUND[HALF:])
            assert container.live().stations()[0].listeners < CROWD / 2
            heads = [await head_of(one) for one in crowd]
    assert sum(b" 200 " in head for head in heads) == PLACES
    for head in heads:
        assert b" 200 " in head or (b" 503 " in head and b"Retry-After: " in head)


async def head_of(connection: socket.socket) -> bytes:
    """Return the first bytes of the answer, which hold all headers."""
    async with asyncio.timeout(60):
        return await asyncio.get_running_loop().sock_recv(connection, 1000)
