"""FailRecording: a recording cannot go on; what is worth keeping of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import SyncFailed

if TYPE_CHECKING:
    from audio_stream.domain.errors import AudioStreamError
    from audio_stream.usecases.keep_recording import KeepRecording
    from audio_stream.usecases.open_recordings import OpenRecording, OpenRecordings
    from audio_stream.usecases.ports import Journal, Spool
    from audio_stream.usecases.promise_track import PromiseTrack


class FailRecording:
    """Give a recording up, with the reason, and let go of it."""

    def __init__(
        self,
        *,
        spool: Spool,
        open_recordings: OpenRecordings,
        keep_recording: KeepRecording,
        promise_track: PromiseTrack,
        journal: Journal,
    ) -> None:
        self._spool = spool
        self._open_recordings = open_recordings
        self._keep_recording = keep_recording
        self._promise_track = promise_track
        self._journal = journal

    async def execute(self, opened: OpenRecording, error: AudioStreamError) -> None:
        """Fail the recording. The caller has the turn.

        When the disk failed, what was received becomes an incomplete track, as far as it can be
        read. Otherwise there was no audio in it. Raises StorageFull, StorageFailed: it stays open
        then, so that the next request, which meets the same error, fails it.
        """
        self._open_recordings.take_off_air(opened.recording.id)
        await self._keep_recording.execute(opened, opened.recording.fail(str(error)))
        self._journal.note("recording failed", opened.recording.id, reason=str(error))
        size_bytes = opened.file.size_bytes
        await self._open_recordings.close(opened.recording.id)
        if not isinstance(error, SyncFailed):
            await self._spool.remove(opened.recording.id)
        elif size_bytes:
            await self._promise_track.execute(opened.recording)
