"""DiscardRecording: what was recorded shall be forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from audio_stream.domain.errors import RecordingGone
from audio_stream.domain.ids import TrackId

if TYPE_CHECKING:
    from audio_stream.domain.ids import RecordingId
    from audio_stream.usecases.forget_track import ForgetTrack
    from audio_stream.usecases.open_recordings import OpenRecordings
    from audio_stream.usecases.ports import RecordingCatalog, Spool


class DiscardRecording:
    """Delete a recording in whatever state it is, and its track with it."""

    def __init__(
        self,
        *,
        catalog: RecordingCatalog,
        spool: Spool,
        open_recordings: OpenRecordings,
        forget_track: ForgetTrack,
    ) -> None:
        self._catalog = catalog
        self._spool = spool
        self._open_recordings = open_recordings
        self._forget_track = forget_track

    async def execute(self, *, recording_id: RecordingId) -> None:
        """Delete it. Raises RecordingNotFound, RecordingGone if it was deleted before."""
        async with self._open_recordings.turn(recording_id):
            recording = await self._catalog.get_recording(recording_id)
            if recording.discarded:
                raise RecordingGone(recording_id)
            await self._open_recordings.close(recording_id)
            await self._catalog.save_recording(replace(recording, discarded=True))
            await self.complete(recording_id)

    async def complete(self, recording_id: RecordingId) -> None:
        """Delete what belongs to a recording that is marked as discarded. The caller has the turn.

        The spool goes last: as long as it is there, the next start completes what a crash left.
        """
        await self._forget_track.execute(track_id=TrackId(recording_id))
        await self._spool.remove(recording_id)
