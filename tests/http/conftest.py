"""The real app on a real socket, with a media tool that needs no ffmpeg."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from dependency_injector import providers

from audio_stream.adapters.catalog.catalog import SqlCatalog
from audio_stream.adapters.catalog.database import sqlite_url
from audio_stream.infrastructure.app import SERVER_OPTIONS, make_app
from audio_stream.infrastructure.container import Container
from audio_stream.infrastructure.settings import Settings
from fakes.memory_media import MemoryMediaTool
from served import Product

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from served import Serve


class ServerAsItRuns(TestServer):
    """A test server that does not cancel the handlers of clients that leave."""

    async def _make_runner(self, **_: Any) -> web.BaseRunner:  # noqa: ANN401 - the base's options
        return web.AppRunner(self.app, access_log=None, **SERVER_OPTIONS)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty catalog: to make one takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "catalog.db"

    async def migrate() -> None:
        async with SqlCatalog(sqlite_url(path)):
            pass

    asyncio.run(migrate())
    return path


@pytest.fixture
async def serve(tmp_path: Path, migrated: Path) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Product:  # noqa: ANN401 - any setting
            adapters = {"files": settings.pop("files")} if "files" in settings else {}
            given: dict[str, Any] = {
                "data_dir": tmp_path,
                "disk_reserve": 0,
                "shutdown_timeout_s": 0.5,
            } | settings
            if not (tmp_path / migrated.name).exists():
                shutil.copy(migrated, tmp_path)
            media = MemoryMediaTool()
            container = Container(
                settings=Settings(**given), media=providers.Object(media), **adapters
            )
            server = ServerAsItRuns(make_app(container))
            client = await stack.enter_async_context(TestClient(server))
            return Product(container, client, media)

        yield start


@pytest.fixture
async def product(serve: Serve) -> Product:
    return await serve()
