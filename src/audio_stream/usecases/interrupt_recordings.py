"""InterruptRecordings: sources that fell silent leave the air; what came of them is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError
from audio_stream.domain.recordings import RecordingState

if TYPE_CHECKING:
    from audio_stream.domain.ids import RecordingId
    from audio_stream.usecases.keep_recording import KeepRecording
    from audio_stream.usecases.open_recordings import OpenRecordings
    from audio_stream.usecases.ports import Clock
    from audio_stream.usecases.promise_track import PromiseTrack


class InterruptRecordings:
    """Interrupt every recording whose source has been silent for too long."""

    def __init__(
        self,
        *,
        clock: Clock,
        open_recordings: OpenRecordings,
        keep_recording: KeepRecording,
        promise_track: PromiseTrack,
        silence_s: float,
    ) -> None:
        self._clock = clock
        self._open_recordings = open_recordings
        self._keep_recording = keep_recording
        self._promise_track = promise_track
        self._silence_s = silence_s

    async def execute(self) -> None:
        """Look once at all open recordings."""
        for recording_id in self._silent():
            try:
                await self._interrupt(recording_id)
            except AudioStreamError:
                continue  # busy or changed just now: the next look decides

    def _silent(self) -> list[RecordingId]:
        return self._open_recordings.silent_since(self._clock.monotonic_s() - self._silence_s)

    async def _interrupt(self, recording_id: RecordingId) -> None:
        async with self._open_recordings.turn(recording_id):
            opened = self._open_recordings.peek(recording_id)
            if opened is None or recording_id not in self._silent():
                return
            await opened.file.sync()
            if opened.recording.state is RecordingState.RECORDING:
                recording = opened.recording.interrupt(self._clock.now())
                await self._keep_recording.execute(opened, recording)
            size_bytes = opened.file.size_bytes
            await self._open_recordings.close(recording_id)
            if size_bytes:
                await self._promise_track.execute(opened.recording)
