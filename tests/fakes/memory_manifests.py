"""Manifests in memory that fail when they are told to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from audio_stream.usecases.ports import Manifests

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from audio_stream.domain.ids import TrackId
    from audio_stream.domain.tracks import Track


class MemoryManifests(Manifests):
    """Keeps tracks in a dict."""

    def __init__(self) -> None:
        self.tracks: dict[TrackId, Track] = {}
        self.fail_next: Exception | None = None
        """Raised by the next call, whichever it is."""

    async def write(self, track: Track) -> None:
        self._check()
        self.tracks[track.id] = replace(track, version=0)

    async def remove(self, track_id: TrackId) -> None:
        self._check()
        self.tracks.pop(track_id, None)

    async def read(self, track_id: TrackId) -> Track | None:
        self._check()
        return self.tracks.get(track_id)

    async def list_ids(self) -> AsyncIterator[TrackId]:
        self._check()
        for track_id in list(self.tracks):
            yield track_id

    async def read_all(self) -> AsyncIterator[Track]:
        self._check()
        for track in list(self.tracks.values()):
            yield track

    def _check(self) -> None:
        error, self.fail_next = self.fail_next, None
        if error is not None:
            raise error
