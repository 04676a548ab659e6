"""ReadRecording: where a source goes on, and how a recording is doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_stream.domain.errors import RecordingFinished, RecordingGone, SyncFailed
from audio_stream.domain.recordings import RecordingState

if TYPE_CHECKING:
    from audio_stream.domain.ids import RecordingId
    from audio_stream.domain.recordings import Recording
    from audio_stream.usecases.fail_recording import FailRecording
    from audio_stream.usecases.finish_recording import FinishRecording
    from audio_stream.usecases.open_recordings import OpenRecordings
    from audio_stream.usecases.ports import LiveFeed, RecordingCatalog, Spool


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """A recording as it is now."""

    recording: Recording
    offset: int
    """Where it ends, in bytes."""
    duration_s: float | None
    """How much sound came, where that can be told."""
    on_air: bool
    off_air_reason: str | None


class ReadRecording:
    """Tell of a recording."""

    def __init__(
        self,
        *,
        catalog: RecordingCatalog,
        spool: Spool,
        live: LiveFeed,
        open_recordings: OpenRecordings,
        finish_recording: FinishRecording,
        fail_recording: FailRecording,
    ) -> None:
        self._catalog = catalog
        self._spool = spool
        self._live = live
        self._open_recordings = open_recordings
        self._finish_recording = finish_recording
        self._fail_recording = fail_recording

    async def execute(self, *, recording_id: RecordingId) -> RecordingStatus:
        """Return how it is doing, disturbing nobody. Raises RecordingNotFound, RecordingGone."""
        recording = await self._catalog.get_recording(recording_id)
        if recording.discarded:
            raise RecordingGone(recording_id)
        opened = self._open_recordings.peek(recording_id)
        if opened is not None:
            return RecordingStatus(
                recording=opened.recording,
                offset=opened.file.size_bytes,
                duration_s=opened.source.duration_s,
                on_air=self._live.carries(recording_id),
                off_air_reason=opened.source.off_air_reason,
            )
        size_bytes = await self._spool.size_bytes(recording_id)
        if size_bytes is None:  # it is in the library by now, or there was nothing to keep
            is_whole = recording.state is RecordingState.FINISHED
            size_bytes = (recording.length_bytes or 0) if is_whole else 0
        return RecordingStatus(recording, size_bytes, None, on_air=False, off_air_reason=None)

    async def offset(self, *, recording_id: RecordingId) -> tuple[int, Recording]:
        """Return where its source goes on, acknowledged, and the recording as it is then.

        A request that is still appending is ended first: what it brought is in the offset.
        Raises RecordingNotFound, RecordingGone, RecordingFailed, RecordingBusy, SyncFailed.
        """
        async with self._open_recordings.turn(recording_id):
            try:
                opened = await self._open_recordings.open(recording_id)
            except RecordingFinished as finished:
                return finished.offset, await self._catalog.get_recording(recording_id)
            try:
                await opened.file.sync()
            except SyncFailed as error:
                await self._fail_recording.execute(opened, error)
                raise
            if opened.is_complete:
                # It could not be finished when its last byte came, and nobody will send another.
                await self._finish_recording.execute(opened)
            return opened.file.size_bytes, opened.recording
