"""The command that makes the catalog again."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from audio_stream.adapters.files import Files, storage_errors
from audio_stream.infrastructure.container import Container

if TYPE_CHECKING:
    from pathlib import Path

    from audio_stream.infrastructure.settings import Settings

_BESIDE = ("", "-wal", "-shm")
"""What SQLite puts beside a database belongs to it."""


async def rebuild_catalog(settings: Settings) -> int:
    """Set a damaged catalog aside, add what is missing, and print what was done."""
    if settings.catalog_file is not None:
        await asyncio.to_thread(_set_aside_if_damaged, settings.catalog_file)
    container = Container(settings=settings)
    async with AsyncExitStack() as stack:
        for resource in (container.catalog(), container.spool(), container.blobs()):
            await stack.enter_async_context(resource)
        recordings = await container.index_spool().execute()
        tracks = await container.index_library().execute()
    _tell(f"Added to the catalog: {recordings} recordings from the spool, {tracks} tracks.")
    return 0


def _set_aside_if_damaged(file: Path) -> None:
    damage = _damage(file)
    if damage is None:
        return
    files = Files()
    suffix = f".damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    with storage_errors():
        for beside in _BESIDE:
            part = file.with_name(file.name + beside)
            if part.exists():
                files.replace(part, part.with_name(file.name + suffix + beside))
        files.sync_folder(file.parent)
    _tell(f"The catalog was damaged ({damage}). It is kept as {file.name + suffix}.")


def _damage(file: Path) -> str | None:
    """Return what is wrong with a database file, None when it is sound or not there."""
    if not file.exists():
        return None
    try:
        with closing(sqlite3.connect(file)) as database:
            (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError:
        return None  # it cannot be reached; opening it tells why
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == "ok" else str(found)


def _tell(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
