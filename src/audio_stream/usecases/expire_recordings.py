"""ExpireRecordings: recordings whose source stayed away too long give up their spool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError, TrackNotFound
from audio_stream.domain.ids import TrackId
from audio_stream.domain.tracks import TrackState

if TYPE_CHECKING:
    from datetime import timedelta

    from audio_stream.domain.ids import RecordingId
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
            try:
                await self._look_at(noted.id)
            except AudioStreamError as error:
                self._journal.note("recording not looked at", noted.id, reason=str(error))

    async def _look_at(self, recording_id: RecordingId) -> None:
        if not await self._is_expired(recording_id):
            return
        async with self._open_recordings.turn(recording_id):
            # Its source may have come back at the last moment, or be about to append.
            opened = self._open_recordings.peek(recording_id)
            if opened is not None or not await self._is_expired(recording_id):
                return
            size_bytes = await self._spool.size_bytes(recording_id)
            if not size_bytes or await self._is_stored(TrackId(recording_id), size_bytes):
                await self._spool.remove(recording_id)
                self._journal.note("recording expired", recording_id, size_bytes=size_bytes)

    async def _is_expired(self, recording_id: RecordingId) -> bool:
        recording = await self._recordings.get_recording(recording_id)
        return recording.is_expired(self._clock.now(), self._resume_window)

    async def _is_stored(self, track_id: TrackId, size_bytes: int) -> bool:
        try:
            track = await self._tracks.get_track(track_id)
        except TrackNotFound:
            return True  # it held no audio, or was deleted
        return track.state is TrackState.READY and track.spool_bytes == size_bytes
