"""The real app on a real socket, with a media tool that needs no ffmpeg."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient
from dependency_injector import providers

from audio_stream.adapters.catalog.catalog import SqlCatalog
from audio_stream.adapters.catalog.database import sqlite_url
from audio_stream.infrastructure.app import make_app
from audio_stream.infrastructure.container import Container
from audio_stream.infrastructure.settings import Settings
from fakes.memory_media import MemoryMediaTool
from served import Product, ServerAsItRuns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from served import Serve


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty catalog: to make one takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "catalog.db"

    async def migrate() -> None:
        async with SqlCatalog(sqlite_url(path)):
            pass

    asyncio.run(migrate())
    return path


@asynccontextmanager
async def serving(folder: Path, catalog: Path, settings: dict[str, Any]) -> AsyncIterator[Product]:
    """Give the app with such settings, on the data in a folder."""
    adapters = {"files": settings.pop("files")} if "files" in settings else {}
    given: dict[str, Any] = {"data_dir": folder, "disk_reserve": 0, "shutdown_timeout_s": 0.5}
    if not (folder / catalog.name).exists():
        shutil.copy(catalog, folder)
    media = MemoryMediaTool()
    container = Container(
        settings=Settings(**given | settings), media=providers.Object(media), **adapters
    )
    async with TestClient(ServerAsItRuns(make_app(container))) as client:
        yield Product(container, client, media)


@pytest.fixture
async def serve(tmp_path: Path, migrated: Path) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(**settings: Any) -> Product:  # noqa: ANN401 - any setting
            return await stack.enter_async_context(serving(tmp_path, migrated, settings))

        yield start


@pytest.fixture
async def product(serve: Serve) -> Product:
    return await serve()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_product(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path
) -> AsyncIterator[Product]:
    """Give one app to all tests of a module, which must not mind each other."""
    async with serving(tmp_path_factory.mktemp("shared"), migrated, {}) as product:
        yield product
