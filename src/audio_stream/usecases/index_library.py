"""IndexLibrary: the catalog knows every track that has a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.usecases.all_tracks import all_tracks

if TYPE_CHECKING:
    from audio_stream.usecases.ports import Journal, Manifests, TrackCatalog


class IndexLibrary:
    """Fill a catalog that was lost."""

    def __init__(self, *, catalog: TrackCatalog, manifests: Manifests, journal: Journal) -> None:
        self._catalog = catalog
        self._manifests = manifests
        self._journal = journal

    async def execute(self) -> int:
        """Return how many tracks were new to the catalog. Raises StorageFull, StorageFailed.

        They come in one step: a half-filled catalog would not look lost any more.
        """
        known = {track.id async for track in all_tracks(self._catalog)}
        found = [track async for track in self._manifests.read_all() if track.id not in known]
        if found:
            await self._catalog.add_tracks(found)
            self._journal.note("catalog rebuilt from manifests", "catalog", tracks=len(found))
        return len(found)
