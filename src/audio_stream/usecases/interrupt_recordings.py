"""InterruptRecordings: sources that fell silent leave the air; what came of them is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError, RecordingBusy, SyncFailed
from audio_stream.domain.recordings import RecordingState

if TYPE_CHECKING:
    from audio_stream.domain.ids import RecordingId
    from audio_stream.usecases.fail_recording import FailRecording
    from audio_stream.usecases.finish_recording import FinishRecording
    from audio_stream.usecases.keep_recording import KeepRecording
    from audio_stream.usecases.open_recordings import OpenRecording, OpenRecordings
    from audio_stream.usecases.ports import Clock, Journal
    from audio_stream.usecases.promise_track import PromiseTrack


class InterruptRecordings:
    """Interrupt every recording whose source has been silent for too long."""

    def __init__(
        self,
        *,
        clock: Clock,
        open_recordings: OpenRecordings,
        keep_recording: KeepRecording,
        finish_recording: FinishRecording,
        fail_recording: FailRecording,
        promise_track: PromiseTrack,
        journal: Journal,
        silence_s: float,
    ) -> None:
        self._clock = clock
        self._open_recordings = open_recordings
        self._keep_recording = keep_recording
        self._finish_recording = finish_recording
        self._fail_recording = fail_recording
        self._promise_track = promise_track
        self._journal = journal
        self._silence_s = silence_s

    async def execute(self) -> None:
        """Look once at all open recordings."""
        for recording_id in self._silent():
            try:
                await self._see_to(recording_id)
            except RecordingBusy:
                continue  # its source is back, or the next look decides
            except AudioStreamError as error:
                self._journal.note("recording not interrupted", recording_id, reason=str(error))

    def _silent(self) -> list[RecordingId]:
        return self._open_recordings.silent_since(self._clock.monotonic_s() - self._silence_s)

    async def _see_to(self, recording_id: RecordingId) -> None:
        async with self._open_recordings.turn(recording_id):
            opened = self._open_recordings.peek(recording_id)
            if opened is None or recording_id not in self._silent():
                return
            try:
                await opened.file.sync()
            except SyncFailed as error:
                await self._fail_recording.execute(opened, error)
                return
            if opened.is_complete:  # it could not be finished when its last byte came
                await self._finish_recording.execute(opened)
            else:
                await self._interrupt(opened)

    async def _interrupt(self, opened: OpenRecording) -> None:
        if opened.recording.state is RecordingState.RECORDING:
            recording = opened.recording.interrupt(self._clock.now())
            await self._keep_recording.execute(opened, recording)
            self._journal.note("recording interrupted", recording.id)
        size_bytes = opened.file.size_bytes
        await self._open_recordings.close(opened.recording.id)
        if size_bytes:
            await self._promise_track.execute(opened.recording)
