"""ForgetTrack: a track goes, with everything stored of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import TrackNotFound
from audio_stream.domain.events import TrackChangedEvent

if TYPE_CHECKING:
    from audio_stream.domain.ids import TrackId
    from audio_stream.domain.tracks import Track
    from audio_stream.usecases.ports import EventSink, Manifests, TrackCatalog
    from audio_stream.usecases.track_blobs import TrackBlobs
    from audio_stream.usecases.track_changes import TrackChanges


class ForgetTrack:
    """Remove a track's blobs, manifest and row, in the order that a crash cannot undo."""

    def __init__(
        self,
        *,
        catalog: TrackCatalog,
        manifests: Manifests,
        blobs: TrackBlobs,
        events: EventSink,
        changes: TrackChanges,
    ) -> None:
        self._catalog = catalog
        self._manifests = manifests
        self._blobs = blobs
        self._events = events
        self._changes = changes

    async def execute(self, *, track_id: TrackId) -> None:
        """Remove the track; one that is not there is fine. Raises StorageFailed."""
        async with self._changes.alone(track_id):
            # As long as one of manifest and row is there, somebody can ask for the rest again,
            # even after a crash that takes the catalog along. Blobs alone would be nobody's.
            track = await self._find(track_id)
            known = frozenset() if track is None else track.blob_keys
            await self._blobs.keep_only(track_id, None, known=known)
            await self._manifests.remove(track_id)
            await self._catalog.delete_track(track_id)
        if track is not None:
            self._events.publish(TrackChangedEvent(track_id, deleted=True))

    async def _find(self, track_id: TrackId) -> Track | None:
        try:
            return await self._catalog.get_track(track_id)
        except TrackNotFound:
            return None
