"""ListTracks: the library, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audio_stream.usecases.ports import TrackCatalog, TrackPage

MAX_PAGE = 200


class ListTracks:
    """Return a page of the library, newest first."""

    def __init__(self, catalog: TrackCatalog) -> None:
        self._catalog = catalog

    async def execute(self, *, query: str = "", cursor: str | None = None, limit: int) -> TrackPage:
        """Return up to `limit` tracks that match `query`. Raises InvalidRequest for a bad cursor.

        `limit` is taken to 1–200.
        """
        limit = max(1, min(limit, MAX_PAGE))
        return await self._catalog.page_tracks(query=query, cursor=cursor, limit=limit)
