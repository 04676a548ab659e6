"""The catalog in a database: SQLite in a file of its own, or the server that a URL names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from audio_stream.adapters.catalog.database import Database
from audio_stream.adapters.catalog.sql_recordings import SqlRecordings
from audio_stream.adapters.catalog.sql_tracks import SqlTracks

if TYPE_CHECKING:
    from sqlalchemy import URL


class SqlCatalog(SqlRecordings, SqlTracks):
    """The index of recordings and of tracks. Enter it before use.

    `url` is SQLAlchemy's; `sqlite_url` makes one of a path.
    """

    def __init__(self, url: str | URL) -> None:
        super().__init__(Database(url))

    async def __aenter__(self) -> Self:
        """Connect and bring the tables up to date. Raises CatalogUnusable."""
        await self._database.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every connection."""
        await self._database.close()
