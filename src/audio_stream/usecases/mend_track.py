"""MendTrack: what the catalog says of a track, held against what the blob store holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from audio_stream.domain.errors import BlobNotFound
from audio_stream.domain.tracks import (
    Rendition,
    RenditionKind,
    RenditionState,
    Track,
    TrackState,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_stream.usecases.ports import BlobStore, Journal
    from audio_stream.usecases.track_changes import TrackChanges

GONE = "The stored file is missing. It plays again once it is back in the library."


class MendTrack:
    """Have made again what was stored of a track and is gone, and play again what is back."""

    def __init__(self, *, blobs: BlobStore, changes: TrackChanges, journal: Journal) -> None:
        self._blobs = blobs
        self._changes = changes
        self._journal = journal

    async def execute(self, *, track: Track, has_spool: bool) -> Track:
        """Return the track as its blobs allow. Raises TrackNotFound, StorageFull, StorageFailed.

        `has_spool`: whether its recording's bytes are still there, to make the original of.
        """
        if track.original.key is None:
            return track
        if not await self._is_there(track.original.key):
            return await self._without_original(track, has_spool=has_spool)
        if track.state is TrackState.FAILED:
            self._journal.note("original is back", track.id)
            return await self._change(track, _played_again)
        if track.mp3.key is not None and not await self._is_there(track.mp3.key):
            self._journal.note("MP3 is gone and made again", track.id)
            return await self._change(
                track, lambda current: current.with_mp3(Rendition(kind=RenditionKind.MP3))
            )
        return track

    async def _without_original(self, track: Track, *, has_spool: bool) -> Track:
        if has_spool:
            self._journal.note("original is gone and made again", track.id)
            return await self._change(
                track, lambda current: replace(current, state=TrackState.PROCESSING)
            )
        if track.state is not TrackState.READY:
            return track
        self._journal.note("original is gone", track.id)
        return await self._change(track, _given_up)

    async def _is_there(self, key: str) -> bool:
        try:
            await self._blobs.open(key)
        except BlobNotFound:
            return False
        return True

    async def _change(self, track: Track, change: Callable[[Track], Track]) -> Track:
        return await self._changes.apply(
            track.id,
            lambda current: change(current) if current.revision == track.revision else current,
        )


def _given_up(track: Track) -> Track:
    """Keep the key: the file may be restored."""
    original = replace(track.original, state=RenditionState.FAILED, reason=GONE)
    return replace(track, state=TrackState.FAILED, reason=GONE, original=original)


def _played_again(track: Track) -> Track:
    original = replace(track.original, state=RenditionState.READY, reason=None)
    return replace(track, state=TrackState.READY, reason=None, original=original)
