"""DeleteTrack: a person no longer wants a track."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import RecordingGone, RecordingNotFound
from audio_stream.domain.ids import RecordingId

if TYPE_CHECKING:
    from audio_stream.domain.ids import TrackId
    from audio_stream.usecases.discard_recording import DiscardRecording
    from audio_stream.usecases.forget_track import ForgetTrack
    from audio_stream.usecases.ports import TrackCatalog, TrackWork


class DeleteTrack:
    """Delete a track everywhere: blobs, manifest, row, and the recording it came from."""

    def __init__(
        self,
        *,
        catalog: TrackCatalog,
        discard_recording: DiscardRecording,
        forget_track: ForgetTrack,
        work: TrackWork,
    ) -> None:
        self._catalog = catalog
        self._discard_recording = discard_recording
        self._forget_track = forget_track
        self._work = work

    async def execute(self, *, track_id: TrackId) -> None:
        """Delete the track. Raises TrackNotFound."""
        await self._catalog.get_track(track_id)
        try:
            await self._discard_recording.execute(recording_id=RecordingId(track_id))
        except (RecordingNotFound, RecordingGone):
            # The catalog was rebuilt without it, or an earlier attempt got half-way.
            await self._forget_track.execute(track_id=track_id)
        self._work.schedule(track_id)  # there is none, and so no trouble with it any more
