"""FinishRecording: the source has said all; the rest happens in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audio_stream.usecases.keep_recording import KeepRecording
    from audio_stream.usecases.open_recordings import OpenRecording, OpenRecordings
    from audio_stream.usecases.ports import Spool
    from audio_stream.usecases.promise_track import PromiseTrack


class FinishRecording:
    """Close a recording at its end and have its track made."""

    def __init__(
        self,
        *,
        spool: Spool,
        open_recordings: OpenRecordings,
        keep_recording: KeepRecording,
        promise_track: PromiseTrack,
    ) -> None:
        self._spool = spool
        self._open_recordings = open_recordings
        self._keep_recording = keep_recording
        self._promise_track = promise_track

    async def execute(self, opened: OpenRecording) -> None:
        """Finish the recording at its present offset, which is synced. The caller has the turn."""
        recording = opened.recording.finish(opened.file.size_bytes)
        await self._keep_recording.execute(opened, recording)
        await self._open_recordings.close(recording.id)
        if opened.recording.length_bytes:
            await self._promise_track.execute(opened.recording)
        else:
            await self._spool.remove(recording.id)
