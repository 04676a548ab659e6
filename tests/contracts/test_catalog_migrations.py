"""The catalog's migrations: they lead where the code is, and lose nothing on the way."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

from audio_stream.adapters.catalog import migrate
from audio_stream.adapters.catalog.catalog import SqlCatalog
from audio_stream.adapters.catalog.database import sqlite_url
from audio_stream.adapters.catalog.tables import metadata
from audio_stream.adapters.catalog.version import HEAD, CatalogUnusable
from contracts.examples import FULL_TRACK, track

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Connection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.db"


@pytest.fixture
async def catalog(path: Path) -> AsyncIterator[SqlCatalog]:
    async with SqlCatalog(sqlite_url(path)) as catalog:
        yield catalog


class TestMigrations:
    async def test_they_lead_to_the_tables_that_the_code_knows(self, catalog: SqlCatalog) -> None:
        def difference(connection: Connection) -> list[object]:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return list(compare_metadata(context, metadata))

        async with catalog._database.reading() as connection:
            assert await connection.run_sync(difference) == []

    async def test_they_make_what_the_code_would_make(self, catalog: SqlCatalog) -> None:
        async with catalog._database.reading() as connection:
            made = await connection.scalars(text("SELECT sql FROM sqlite_master WHERE sql != ''"))
        known = [
            str(element.compile(dialect=sqlite_dialect()))
            for table in metadata.sorted_tables
            for element in (CreateTable(table), *(CreateIndex(index) for index in table.indexes))
            if isinstance(element, ExecutableDDLElement)
        ]
        assert {_in_short(sql) for sql in made if "alembic_version" not in sql} == {
            _in_short(sql) for sql in known
        }

    def test_the_head_that_the_code_names_is_the_newest_of_them(self) -> None:
        script = ScriptDirectory.from_config(migrate.migration_config())
        assert script.get_heads() == [HEAD]

    async def test_nothing_is_migrated_when_there_is_nothing_to_migrate(
        self, catalog: SqlCatalog, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await catalog.add_track(FULL_TRACK)
        monkeypatch.setattr(migrate, "upgrade", None)
        async with SqlCatalog(sqlite_url(path)) as again:
            assert await again.get_track(FULL_TRACK.id) == FULL_TRACK

    async def test_alembic_is_imported_only_to_migrate(self, path: Path, tmp_path: Path) -> None:
        async with SqlCatalog(sqlite_url(path)):
            pass
        program = f"""
import asyncio, sys
from audio_stream.adapters.catalog.catalog import SqlCatalog

async def start(url):
    async with SqlCatalog(url):
        print("alembic" in sys.modules)

asyncio.run(start({str(sqlite_url(path))!r}))
asyncio.run(start({str(sqlite_url(tmp_path / "new.db"))!r}))
"""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdout=subprocess.PIPE
        )
        told, _ = await process.communicate()
        assert told.split() == [b"False", b"True"]

    async def test_a_catalog_of_a_newer_program_is_refused_and_left_alone(
        self, catalog: SqlCatalog, path: Path
    ) -> None:
        async with catalog._database.writing() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(CatalogUnusable, match=r"newer audio-stream .* 9999"):
            await SqlCatalog(sqlite_url(path)).__aenter__()
        async with catalog._database.reading() as connection:
            version = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        assert version == "9999"

    async def test_a_migration_that_fails_leaves_nothing_half_done(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upgrade = migrate.upgrade

        def fail_at_the_end(connection: Connection) -> None:
            upgrade(connection)
            raise RuntimeError("power loss")

        monkeypatch.setattr(migrate, "upgrade", fail_at_the_end)
        with pytest.raises(RuntimeError, match="power loss"):
            await SqlCatalog(sqlite_url(path)).__aenter__()
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("SELECT * FROM sqlite_master").fetchall() == []

    async def test_several_may_open_a_new_catalog_at_once(self, tmp_path: Path) -> None:
        for attempt in range(5):  # SQLite meets itself in the wrong moment now and then
            url = sqlite_url(tmp_path / f"{attempt}.db")
            catalogs = [SqlCatalog(url) for _ in range(4)]
            await asyncio.gather(*(catalog.__aenter__() for catalog in catalogs))
            await catalogs[0].add_track(track(1))
            assert await catalogs[1].get_track(track(1).id) == track(1)
            await asyncio.gather(*(catalog.__aexit__() for catalog in catalogs))


def _in_short(sql: str) -> str:
    return " ".join(sql.replace('"', "").replace(" ,", ",").split()).replace(" )", ")")
