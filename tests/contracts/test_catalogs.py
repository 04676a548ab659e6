"""The catalogs keep their contracts."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.catalog.catalog import SqlCatalog
from audio_stream.adapters.catalog.database import sqlite_url
from audio_stream.domain.errors import StorageFull
from contracts.examples import recording, track
from contracts.recording_catalog_contract import RecordingCatalogContract
from contracts.track_catalog_contract import TrackCatalogContract
from contracts.track_pages_contract import TrackPagesContract
from fakes.memory_catalog import MemoryCatalog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class InMemory:
    @pytest.fixture
    async def catalog(self) -> MemoryCatalog:
        return MemoryCatalog()


@pytest.fixture(scope="module")
def empty_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "catalog.db"

    async def migrate() -> None:
        async with SqlCatalog(sqlite_url(path)):
            pass

    asyncio.run(migrate())
    return path


class InSqlite:
    @pytest.fixture
    async def catalog(self, tmp_path: Path, empty_catalog: Path) -> AsyncIterator[SqlCatalog]:
        shutil.copy(empty_catalog, tmp_path / "catalog.db")
        async with SqlCatalog(sqlite_url(tmp_path / "catalog.db")) as catalog:
            yield catalog


class TestMemoryRecordings(InMemory, RecordingCatalogContract):
    async def test_a_switch_fails_one_call(self, catalog: MemoryCatalog) -> None:
        catalog.fail_next = StorageFull()
        with pytest.raises(StorageFull):
            await catalog.add_recording(recording(1))
        await catalog.add_recording(recording(1))
        catalog.fail_next_save = StorageFull()
        await catalog.get_recording(recording(1).id)
        with pytest.raises(StorageFull):
            await catalog.save_recording(recording(1))
        assert (await catalog.save_recording(recording(1))).version == 1


class TestMemoryTracks(InMemory, TrackCatalogContract):
    async def test_a_switch_fails_one_call(self, catalog: MemoryCatalog) -> None:
        await catalog.add_track(track(1))
        catalog.fail_next_save = StorageFull()
        with pytest.raises(StorageFull):
            await catalog.save_track(track(1))
        assert (await catalog.save_track(track(1))).version == 1


class TestMemoryPages(InMemory, TrackPagesContract):
    pass


class TestSqliteRecordings(InSqlite, RecordingCatalogContract):
    pass


class TestSqliteTracks(InSqlite, TrackCatalogContract):
    pass


class TestSqlitePages(InSqlite, TrackPagesContract):
    pass
