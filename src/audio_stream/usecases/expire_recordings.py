"""ExpireRecordings: recordings whose source stayed away too long give up their spool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import TrackNotFound
from audio_stream.domain.ids import TrackId
from audio_stream.domain.tracks import TrackState

if TYPE_CHECKING:
    from datetime import timedelta

    from audio_stream.usecases.open_recordings import OpenRecordings
    from audio_stream.usecases.ports import Clock, Journal, RecordingCatalog, Spool, TrackCatalog


class ExpireRecordings:
    """Remove the spool files that nobody will append to any more and whose track is stored."""

    def __init__(
        self,
        *,
        recordings: RecordingCatalog,
        tracks: TrackCatalog,
        spool: Spool,
        clock: Clock,
        open_recordings: OpenRecordings,
        journal: Journal,
        resume_window: timedelta,
    ) -> None:
        self._recordings = recordings
        self._tracks = tracks
        self._spool = spool
        self._clock = clock
        self._open_recordings = open_recordings
        self._journal = journal
        self._resume_window = resume_window

    async def execute(self) -> None:
        """Look once at everything in the spool."""
        for noted in await self._spool.list_recordings():
            recording = await self._recordings.get_recording(noted.id)
            if not recording.is_expired(self._clock.now(), self._resume_window):
                continue
            async with self._open_recordings.turn(recording.id):
                size_bytes = await self._spool.size_bytes(recording.id)
                if not size_bytes or await self._is_stored(TrackId(recording.id), size_bytes):
                    await self._spool.remove(recording.id)
                    self._journal.note("recording expired", recording.id, size_bytes=size_bytes)

    async def _is_stored(self, track_id: TrackId, size_bytes: int) -> bool:
        try:
            track = await self._tracks.get_track(track_id)
        except TrackNotFound:
            return True  # it held no audio, or was deleted
        return track.state is TrackState.READY and track.spool_bytes == size_bytes
