"""The connection to the catalog's database, and all that is particular to an engine."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager, closing, contextmanager, nullcontext
from typing import TYPE_CHECKING

import stamina
from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine

from audio_stream.adapters.catalog.carried_through import carried_through
from audio_stream.adapters.catalog.version import CatalogDamaged, CatalogUnusable, is_up_to_date
from audio_stream.domain.errors import AudioStreamError, CatalogAway, StorageFailed, StorageFull
from audio_stream.usecases.carry_through import carry_through

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

_SQLITE = "sqlite+aiosqlite"

_BUSY_TIMEOUT_MS = 10_000

_PRAGMAS = (
    f"busy_timeout = {_BUSY_TIMEOUT_MS}",
    "synchronous = FULL",  # with less, a power loss takes commits back
    "fullfsync = ON",  # macOS: through the drive's cache; nothing elsewhere
    "foreign_keys = ON",
)

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DISK_ERRORS = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}


def sqlite_url(path: Path) -> URL:
    """Return the address of a catalog in a file of its own."""
    return URL.create(_SQLITE, database=str(path))


class Database:
    """A pool of connections, open between `open` and `close`."""

    def __init__(self, url: str | URL) -> None:
        self._url = url
        self._engine: AsyncEngine | None = None
        self._turn_to_write: AbstractAsyncContextManager[object] = nullcontext()

    async def open(self) -> None:
        """Connect and bring the tables up to date. Raises CatalogUnusable."""
        try:
            await carry_through(self._open())
        except (SQLAlchemyError, sqlite3.Error, ImportError, AudioStreamError) as error:
            await self.close()
            cause = error.orig if isinstance(error, DBAPIError) else error
            kind = CatalogDamaged if _is_damage(error) else CatalogUnusable
            raise kind(f"The catalog {_shown(self._url)} cannot be opened: {cause}") from error
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> None:
        url = make_url(self._url)
        if url.get_backend_name() == "sqlite":
            await asyncio.to_thread(_prepare, url.database or "")
            # It has one writer at a time; those who poll for their turn wait far longer.
            self._turn_to_write = asyncio.Lock()
        self._engine = _make_engine(url)
        await self._migrate()

    @carried_through
    async def close(self) -> None:
        """Close every connection."""
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection for one statement. Raises StorageFailed, CatalogAway."""
        with _storage_errors():
            async with self._opened().connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection for a transaction: committed at the end, rolled back by an error.

        Raises StorageFull, StorageFailed, CatalogAway.
        """
        with _storage_errors():
            engine = self._opened().execution_options(writes=True)
            async with self._turn_to_write, engine.begin() as connection:
                yield connection

    async def _migrate(self) -> None:
        async with self.reading() as connection:
            up_to_date = await connection.run_sync(is_up_to_date)
        if not up_to_date:
            # Alembic takes longer to import than all the rest of the start.
            from audio_stream.adapters.catalog.migrate import upgrade  # noqa: PLC0415

            async with self.writing() as connection:
                await connection.run_sync(upgrade)

    def _opened(self) -> AsyncEngine:
        if self._engine is None:
            raise RuntimeError("The catalog is not open: enter it first.")
        return self._engine


def _shown(url: str | URL) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "that the settings name"


def _prepare(path: str) -> None:
    """Make it a file in WAL mode, where readers never wait for a writer. Raises sqlite3.Error.

    Not by aiosqlite, which leaves a thread behind that complains when it meets the same error.
    Where two change the mode of a new file at once, SQLite refuses one of them without waiting.
    The file remembers its mode.
    """
    with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_MS / 1000)) as database:
        for attempt in stamina.retry_context(
            _is_busy, attempts=None, timeout=_BUSY_TIMEOUT_MS / 1000, wait_initial=0.01
        ):
            with attempt:
                database.execute("PRAGMA journal_mode = WAL")


def _is_busy(error: Exception) -> bool:
    return _code(error) == sqlite3.SQLITE_BUSY


def _make_engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_pre_ping=True)
    if url.drivername == "sqlite":
        url = url.set(drivername=_SQLITE)
    # sqlite3 would begin transactions by rules of its own; `_begin_at_once` does it.
    engine = create_async_engine(url, connect_args={"isolation_level": None})
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _begin_at_once)
    return engine


def _set_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_at_once(connection: Connection) -> None:
    # A transaction that reads first and writes later fails without waiting when another writes
    # in between. One that only reads is a single statement and needs no transaction.
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _code(error: BaseException | None) -> int:
    """Return SQLite's code of an error, without its details; 0 if it is none of SQLite's."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def _is_damage(error: BaseException) -> bool:
    cause = error.__cause__ if isinstance(error, StorageFailed) else error
    return _code(cause.orig if isinstance(cause, DBAPIError) else cause) in _DAMAGE


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        code = _code(error.orig)
        if code == sqlite3.SQLITE_FULL:
            raise StorageFull from error
        if code in _DAMAGE:
            raise StorageFailed(
                f"{error.orig}. Stop the server and run `audio-stream rebuild-catalog`."
            ) from error
        if code in _DISK_ERRORS:
            raise StorageFailed(str(error.orig)) from error
        if code in _BUSY or (not code and isinstance(error, OperationalError | InterfaceError)):
            raise CatalogAway(str(error.orig)) from error
        raise
    except (OSError, PoolTimeout) as error:  # no connection could be made, or none was free
        raise CatalogAway(str(error) or type(error).__name__) from error
