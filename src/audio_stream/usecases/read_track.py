"""ReadTrack: what there is to know of a track."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audio_stream.domain.ids import TrackId
    from audio_stream.domain.tracks import Track
    from audio_stream.usecases.ports import TrackCatalog


class ReadTrack:
    """Tell of one track."""

    def __init__(self, catalog: TrackCatalog) -> None:
        self._catalog = catalog

    async def execute(self, *, track_id: TrackId) -> Track:
        """Return the track. Raises TrackNotFound."""
        return await self._catalog.get_track(track_id)

    async def by_name(self, *, name: str) -> Track:
        """Return the newest track of that name. Raises TrackNotFound."""
        return await self._catalog.find_track(name)
