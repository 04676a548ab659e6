"""A catalog in memory that fails when it is told to."""

from __future__ import annotations

import asyncio
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from audio_stream.adapters.catalog.cursors import cursor_after, read_cursor
from audio_stream.domain.errors import (
    InvalidRequest,
    RecordingChanged,
    RecordingNotFound,
    TrackChanged,
    TrackNotFound,
)
from audio_stream.domain.tracks import RenditionState, Track, TrackState
from audio_stream.usecases.ports import RecordingCatalog, TrackCatalog, TrackPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_stream.domain.ids import RecordingId, TrackId
    from audio_stream.domain.recordings import Recording


class MemoryCatalog(RecordingCatalog, TrackCatalog):
    """Keeps entities in dicts. Each call gives other tasks their turn, as the real one does."""

    def __init__(self) -> None:
        self.recordings: dict[RecordingId, Recording] = {}
        self.tracks: dict[TrackId, Track] = {}
        self.fail_next: Exception | None = None
        """Raised by the next call, whichever it is, with nothing done."""
        self.fail_next_save: Exception | None = None
        """Raised by the next `save_…`, with nothing done."""

    async def add_recording(self, recording: Recording) -> None:
        await self._turn()
        self.recordings.setdefault(recording.id, recording)

    async def get_recording(self, recording_id: RecordingId) -> Recording:
        await self._turn()
        if recording_id not in self.recordings:
            raise RecordingNotFound(recording_id)
        return self.recordings[recording_id]

    async def save_recording(self, recording: Recording) -> Recording:
        await self._turn(saving=True)
        known = self.recordings.get(recording.id)
        if known is None or known.version != recording.version:
            raise RecordingChanged(recording.id)
        saved = replace(recording, version=recording.version + 1)
        self.recordings[recording.id] = saved
        return saved

    async def list_recordings(self) -> Sequence[Recording]:
        await self._turn()
        kept = [recording for recording in self.recordings.values() if not recording.discarded]
        return sorted(kept, key=lambda recording: (recording.started_at, recording.id))

    async def add_track(self, track: Track) -> None:
        await self._turn()
        self.tracks.setdefault(track.id, track)

    async def add_tracks(self, added: Sequence[Track]) -> None:
        await self._turn()
        for track in added:
            self.tracks.setdefault(track.id, track)

    async def get_track(self, track_id: TrackId) -> Track:
        await self._turn()
        if track_id not in self.tracks:
            raise TrackNotFound(track_id)
        return self.tracks[track_id]

    async def find_track(self, name: str) -> Track:
        await self._turn()
        for track in self._newest_first():
            if track.name == name:
                return track
        raise TrackNotFound(name)

    async def save_track(self, track: Track) -> Track:
        await self._turn(saving=True)
        known = self.tracks.get(track.id)
        if known is None:
            raise TrackNotFound(track.id)
        if known.version != track.version:
            raise TrackChanged(track.id)
        saved = replace(track, version=track.version + 1)
        self.tracks[track.id] = saved
        return saved

    async def delete_track(self, track_id: TrackId) -> None:
        await self._turn()
        self.tracks.pop(track_id, None)

    async def page_tracks(self, *, query: str, cursor: str | None, limit: int) -> TrackPage:
        await self._turn()
        after = None if cursor is None else read_cursor(cursor)
        words = _fold(query).split()
        if len(set(words)) > 100:
            raise InvalidRequest("A search takes at most 100 words.")
        found = [
            track
            for track in self._newest_first()
            if all(word in _fold(track.title) or word in _fold(track.station) for word in words)
            and (after is None or (track.created_at, track.id) < after)
        ]
        page = found[:limit]
        return TrackPage(page, cursor_after(page[-1]) if len(found) > limit else None)

    async def list_unfinished_tracks(self) -> Sequence[TrackId]:
        await self._turn()
        return [
            track.id
            for track in reversed(self._newest_first())
            if track.state is TrackState.PROCESSING or track.mp3.state is RenditionState.PENDING
        ]

    def _newest_first(self) -> list[Track]:
        return sorted(
            self.tracks.values(), key=lambda track: (track.created_at, track.id), reverse=True
        )

    async def _turn(self, *, saving: bool = False) -> None:
        await asyncio.sleep(0)
        error, self.fail_next = self.fail_next, None
        if error is None and saving:
            error, self.fail_next_save = self.fail_next_save, None
        if error is not None:
            raise error


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
