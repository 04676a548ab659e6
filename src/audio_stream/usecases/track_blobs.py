"""What the blob store holds of one track."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.tracks import blob_prefixes

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from audio_stream.domain.ids import TrackId
    from audio_stream.usecases.ports import BlobStore


class TrackBlobs:
    """Clears away what a track no longer needs, and what a crash left that nobody knows of."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    async def keep_only(
        self,
        track_id: TrackId,
        revision: str | None,
        *,
        known: AbstractSet[str] = frozenset(),
    ) -> int:
        """Delete every blob of the track but those of `revision`; return how many went.

        `known` ones are deleted again when they are gone: a process that was killed may not have
        made their deletion last. Raises StorageFailed.
        """
        deleted, unseen = 0, set(known)
        for prefix in blob_prefixes(track_id):
            kept = None if revision is None else f"{prefix}{revision}."
            superfluous = [
                key
                async for key in self._blobs.list(prefix)
                if kept is None or not key.startswith(kept)
            ]
            for key in superfluous:
                await self._blobs.delete(key)
            deleted += len(superfluous)
            unseen.difference_update(superfluous)
        for key in unseen:
            await self._blobs.delete(key)
        return deleted
