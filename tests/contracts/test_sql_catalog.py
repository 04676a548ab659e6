"""What the catalog in a database does beyond its contracts: open, survive, be quick."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from audio_stream.adapters.catalog import database
from audio_stream.adapters.catalog.catalog import SqlCatalog
from audio_stream.adapters.catalog.cursors import cursor_after
from audio_stream.adapters.catalog.database import sqlite_url
from audio_stream.adapters.catalog.tables import renditions
from audio_stream.adapters.catalog.version import CatalogUnusable
from audio_stream.domain.errors import CatalogAway, StorageFailed, StorageFull, TrackChanged
from contracts.examples import FULL_TRACK, recording, track

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.db"


@pytest.fixture
async def catalog(path: Path) -> AsyncIterator[SqlCatalog]:
    async with SqlCatalog(sqlite_url(path)) as catalog:
        yield catalog


class TestOpening:
    async def test_what_was_kept_is_there_after_a_restart(self, path: Path) -> None:
        async with SqlCatalog(sqlite_url(path)) as catalog:
            await catalog.add_track(FULL_TRACK)
            await catalog.add_recording(recording(1))
        async with SqlCatalog(sqlite_url(path)) as catalog:
            assert await catalog.get_track(FULL_TRACK.id) == FULL_TRACK
            assert await catalog.list_recordings() == [recording(1)]

    async def test_one_catalog_can_be_opened_again(self, path: Path) -> None:
        catalog = SqlCatalog(sqlite_url(path))
        for number in range(2):
            async with catalog:
                await catalog.add_track(track(number))
        async with catalog:
            assert len((await catalog.page_tracks(query="", cursor=None, limit=9)).tracks) == 2

    async def test_before_it_is_opened_it_says_so(self, path: Path) -> None:
        with pytest.raises(RuntimeError, match="not open"):
            await SqlCatalog(sqlite_url(path)).list_recordings()

    @pytest.mark.parametrize("name", ["a b.db", "a?b=c.db", "100%25.db", "a#b.db", "ü.db", "a:b@c"])
    async def test_any_file_name_will_do(self, tmp_path: Path, name: str) -> None:
        async with SqlCatalog(sqlite_url(tmp_path / name)) as catalog:
            await catalog.add_track(track(1))
            assert (tmp_path / name).exists()

    @pytest.fixture
    def diary(self, path: Path) -> Path:
        path.write_bytes(b"Dear diary, " * 500)
        return path

    async def test_a_file_that_is_no_database_is_named(self, diary: Path) -> None:
        with pytest.raises(CatalogUnusable, match=r"catalog\.db.*not a database"):
            await SqlCatalog(sqlite_url(diary)).__aenter__()

    async def test_a_folder_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(CatalogUnusable, match=r"missing.*unable to open"):
            await SqlCatalog(sqlite_url(tmp_path / "missing" / "catalog.db")).__aenter__()

    async def test_an_address_need_not_name_the_driver(self, path: Path) -> None:
        async with SqlCatalog(f"sqlite:///{path}") as catalog:
            await catalog.add_track(track(1))
        async with SqlCatalog(sqlite_url(path)) as catalog:
            assert await catalog.get_track(track(1).id) == track(1)

    @pytest.mark.parametrize(
        "url",
        [
            "no address",
            "oracle+nothing://user:secret@host/catalog",
            "sqlite+aiosqlite://user:secret@host/missing/catalog.db",
        ],
    )
    async def test_a_wrong_address_is_told_without_its_password(self, url: str) -> None:
        with pytest.raises(CatalogUnusable) as caught:
            await SqlCatalog(url).__aenter__()
        assert "secret" not in str(caught.value)
        assert "cannot be opened" in str(caught.value)


class TestDurability:
    @pytest.mark.parametrize(
        ("pragma", "value"),
        [
            ("journal_mode", "wal"),
            ("synchronous", 2),
            ("fullfsync", 1),
            ("foreign_keys", 1),
            ("busy_timeout", 10_000),
        ],
    )
    async def test_every_connection_is_set_up(
        self, catalog: SqlCatalog, pragma: str, value: object
    ) -> None:
        async def setting() -> object:
            async with catalog._database.reading() as connection:
                await everyone_has_one.wait()
                return await connection.scalar(text(f"PRAGMA {pragma}"))

        everyone_has_one = asyncio.Barrier(3)
        assert await asyncio.gather(*(setting() for _ in range(3))) == [value] * 3

    @pytest.mark.parametrize("same_program", [True, False])
    async def test_a_writer_waits_for_another_and_readers_do_not(
        self, catalog: SqlCatalog, path: Path, same_program: bool
    ) -> None:
        async with SqlCatalog(sqlite_url(path)) as other:
            writer = catalog if same_program else other
            async with catalog._database.writing() as connection:
                await connection.execute(text("DELETE FROM recordings"))
                writing = asyncio.create_task(writer.add_track(track(1)))
                assert await writer.list_recordings() == []
                assert not writing.done()
            await writing
            assert await catalog.get_track(track(1).id) == track(1)

    async def test_deleting_a_track_leaves_no_rendition_behind(self, catalog: SqlCatalog) -> None:
        await catalog.add_track(FULL_TRACK)
        await catalog.add_track(track(1))
        await catalog.delete_track(FULL_TRACK.id)
        async with catalog._database.reading() as connection:
            left = list(await connection.scalars(select(renditions.c.track_id)))
        assert left == [track(1).id] * 2

    async def test_many_at_once_all_get_their_turn(self, catalog: SqlCatalog) -> None:
        await asyncio.gather(*(catalog.add_track(track(number)) for number in range(60)))
        page = await catalog.page_tracks(query="", cursor=None, limit=100)
        assert list(page.tracks) == [track(number) for number in range(59, -1, -1)]

    async def test_those_who_are_cancelled_leave_no_lock_behind(self, catalog: SqlCatalog) -> None:
        await catalog.add_track(track(0))
        for turns in range(60):
            known = await catalog.get_track(track(0).id)
            saving = asyncio.create_task(catalog.save_track(known))
            reading = asyncio.create_task(catalog.list_recordings())
            for _ in range(turns):
                await asyncio.sleep(0)
            saving.cancel()
            reading.cancel()
            results = await asyncio.gather(saving, reading, return_exceptions=True)
            assert not isinstance(results[0], TrackChanged)
        await catalog.add_track(track(1))
        assert await catalog.get_track(track(1).id) == track(1)

    async def test_an_opening_that_is_cancelled_leaves_no_connection_behind(
        self, path: Path
    ) -> None:
        for after_ms in range(12):
            opening = asyncio.create_task(SqlCatalog(sqlite_url(path)).__aenter__())
            await asyncio.sleep(after_ms / 1000)
            opening.cancel()
            with suppress(asyncio.CancelledError):
                await (await opening).__aexit__()
        gc.collect()  # What was left behind warns now, which fails a test.


class TestReading:
    @pytest.mark.parametrize("query", ["", "word another"])
    async def test_a_page_is_read_along_an_index_and_nothing_sorted(
        self, catalog: SqlCatalog, query: str
    ) -> None:
        statements: list[tuple[str, tuple[object, ...]]] = []
        engine = catalog._database._opened().sync_engine

        @event.listens_for(engine, "before_cursor_execute")
        def _keep(*call: Any) -> None:  # noqa: ANN401 - six things, of which two matter
            statements.append((call[2], call[3]))

        cursor = cursor_after(track(1))
        await catalog.page_tracks(query=query, cursor=cursor, limit=50)
        [(statement, values)] = statements
        async with catalog._database.reading() as connection:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            steps = [row[-1] for row in plan]
        assert "ix_tracks_created_at_id" in steps[0]
        assert not any("SCAN" in step for step in steps[1:])
        assert not any("B-TREE" in step for step in steps)


class TestDisk:
    async def test_a_full_disk_is_told_and_goes_over(self, catalog: SqlCatalog) -> None:
        await catalog.add_track(track(0))
        # From here on only one connection is lent, the one with the limit.
        async with catalog._database.writing() as connection:
            pages = await connection.scalar(text("PRAGMA page_count"))
            await connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(StorageFull):
            await catalog.add_track(track(1, reason="long " * 5000))
        async with catalog._database.reading() as connection:
            await connection.execute(text("PRAGMA max_page_count = 1000000"))
        await catalog.add_track(FULL_TRACK)
        assert await catalog.get_track(FULL_TRACK.id) == FULL_TRACK

    async def test_a_damaged_file_is_a_failed_disk(self, catalog: SqlCatalog, path: Path) -> None:
        for number in range(50):
            await catalog.add_track(track(number, reason="long " * 500))
        await catalog.__aexit__()
        _damage(path)
        async with SqlCatalog(sqlite_url(path)) as damaged:
            with pytest.raises(StorageFailed):
                await damaged.page_tracks(query="", cursor=None, limit=100)

    async def test_a_busy_file_is_a_database_that_does_not_answer(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(database, "_PRAGMAS", ("busy_timeout = 10",))
        async with SqlCatalog(sqlite_url(path)) as catalog:
            with closing(sqlite3.connect(path)) as other:
                other.execute("BEGIN IMMEDIATE")
                with pytest.raises(CatalogAway, match="locked"):
                    await catalog.add_track(track(1))
            await catalog.add_track(track(1))

    @pytest.mark.parametrize(
        "error",
        [
            ConnectionRefusedError(111, "Connection refused"),
            OperationalError("SELECT 1", {}, Exception("the server is shutting down")),
            PoolTimeout("no connection was free"),
        ],
    )
    async def test_a_server_that_is_gone_is_one_too(
        self, catalog: SqlCatalog, error: Exception
    ) -> None:
        with pytest.raises(CatalogAway):
            async with catalog._database.reading():
                raise error


def _damage(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
