"""Changes to a track: one at a time, kept in its manifest and in the catalog, and told to pages."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from audio_stream.domain.errors import TrackChanged
from audio_stream.domain.events import TrackChangedEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from audio_stream.domain.ids import TrackId
    from audio_stream.domain.tracks import Track
    from audio_stream.usecases.ports import EventSink, Manifests, TrackCatalog


class TrackChanges:
    """Applies a change to the newest version of a track."""

    def __init__(self, *, catalog: TrackCatalog, manifests: Manifests, events: EventSink) -> None:
        self._catalog = catalog
        self._manifests = manifests
        self._events = events
        self._locks: dict[TrackId, asyncio.Lock] = {}
        self._waiting: dict[TrackId, int] = {}

    @asynccontextmanager
    async def alone(self, track_id: TrackId) -> AsyncIterator[None]:
        """Keep every other change of this process away from the track meanwhile."""
        lock = self._locks.setdefault(track_id, asyncio.Lock())
        self._waiting[track_id] = self._waiting.get(track_id, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[track_id] -= 1
            if not self._waiting[track_id]:
                del self._waiting[track_id], self._locks[track_id]

    async def apply(self, track_id: TrackId, change: Callable[[Track], Track]) -> Track:
        """Return the track with `change` applied, once that is durable.

        The manifest comes first: the catalog can be rebuilt from it. `change` may be called
        again, with a newer version. Raises TrackNotFound, StorageFull, StorageFailed.
        """
        async with self.alone(track_id):
            while True:
                current = await self._catalog.get_track(track_id)
                changed = change(current)
                if changed == current:
                    return current
                await self._manifests.write(changed)
                try:
                    saved = await self._catalog.save_track(changed)
                except TrackChanged:
                    continue
                break
        self._events.publish(TrackChangedEvent(track_id))
        return saved
