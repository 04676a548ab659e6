"""A walk through the whole library."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from audio_stream.domain.tracks import Track
    from audio_stream.usecases.ports import TrackCatalog

_PAGE = 500


async def all_tracks(catalog: TrackCatalog) -> AsyncIterator[Track]:
    """Yield every track that is there all the while, newest first. Raises StorageFailed."""
    cursor = None
    while True:
        page = await catalog.page_tracks(query="", cursor=cursor, limit=_PAGE)
        for track in page.tracks:
            yield track
        cursor = page.next_cursor
        if cursor is None:
            return
