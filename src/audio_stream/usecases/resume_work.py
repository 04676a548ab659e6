"""ResumeWork: everything that a stop, a crash or a failing disk left half-done goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError, TrackNotFound
from audio_stream.domain.ids import TrackId
from audio_stream.domain.recordings import Recording, RecordingState
from audio_stream.domain.tracks import TrackState

if TYPE_CHECKING:
    from audio_stream.domain.ids import RecordingId
    from audio_stream.usecases.discard_recording import DiscardRecording
    from audio_stream.usecases.finish_recording import FinishRecording
    from audio_stream.usecases.index_library import IndexLibrary
    from audio_stream.usecases.index_spool import IndexSpool
    from audio_stream.usecases.open_recordings import OpenRecordings
    from audio_stream.usecases.ports import (
        Journal,
        RecordingCatalog,
        Spool,
        TrackCatalog,
        TrackWork,
    )
    from audio_stream.usecases.promise_track import PromiseTrack


class ResumeWork:
    """Take up open recordings and unfinished tracks."""

    def __init__(
        self,
        *,
        tracks: TrackCatalog,
        recordings: RecordingCatalog,
        index_spool: IndexSpool,
        index_library: IndexLibrary,
        spool: Spool,
        open_recordings: OpenRecordings,
        finish_recording: FinishRecording,
        promise_track: PromiseTrack,
        discard_recording: DiscardRecording,
        work: TrackWork,
        journal: Journal,
    ) -> None:
        self._tracks = tracks
        self._recordings = recordings
        self._index_spool = index_spool
        self._index_library = index_library
        self._spool = spool
        self._open_recordings = open_recordings
        self._finish_recording = finish_recording
        self._promise_track = promise_track
        self._discard_recording = discard_recording
        self._work = work
        self._journal = journal
        self._library_was_empty = False
        self._promised_bytes: dict[RecordingId, int] = {}
        """How much a recording held when its track was last promised here."""

    async def index(self) -> None:
        """Make the catalog know every recording, before any source asks. Raises StorageFailed."""
        page = await self._tracks.page_tracks(query="", cursor=None, limit=1)
        self._library_was_empty = not page.tracks
        await self._index_spool.execute()

    async def execute(self) -> None:
        """Go on with all that is under way and that nobody sees to. Raises StorageFailed.

        Once at the start; and again from time to time, for what a disk or a database that failed
        made somebody give up.
        """
        if self._library_was_empty:
            await self._index_library.execute()
            self._library_was_empty = False
        for noted in await self._spool.list_recordings():
            try:
                await self._take_up(noted.id)
            except AudioStreamError as error:
                self._journal.note("recording not taken up", noted.id, reason=str(error))
        for track_id in await self._tracks.list_unfinished_tracks():
            self._work.schedule(track_id)

    async def _take_up(self, recording_id: RecordingId) -> None:
        if self._open_recordings.peek(recording_id) is not None:
            return  # its source was faster
        async with self._open_recordings.turn(recording_id):
            if self._open_recordings.peek(recording_id) is not None:
                return  # just now
            recording = await self._recordings.get_recording(recording_id)
            if recording.discarded:
                await self._discard_recording.complete(recording_id)
                self._journal.note("deletion completed", recording_id)
            elif recording.state is RecordingState.RECORDING:
                await self._reopen(recording)
            elif size_bytes := await self._spool.size_bytes(recording_id):
                if not await self._is_waiting(recording, size_bytes):
                    await self._promise_track.execute(recording)
                    self._promised_bytes[recording_id] = size_bytes
            elif recording.state is not RecordingState.INTERRUPTED:
                await self._spool.remove(recording_id)

    async def _is_waiting(self, recording: Recording, size_bytes: int) -> bool:
        """Tell whether all is done until its source returns."""
        if recording.state is not RecordingState.INTERRUPTED:
            return False
        try:
            track = await self._tracks.get_track(TrackId(recording.id))
        except TrackNotFound:  # not promised yet; or there was no audio in it
            return self._promised_bytes.get(recording.id) == size_bytes
        return track.state is TrackState.READY and track.spool_bytes == size_bytes

    async def _reopen(self, recording: Recording) -> None:
        """Open it, so that it is interrupted in time unless its source comes back."""
        opened = await self._open_recordings.open(recording.id)
        if opened.is_complete:
            await opened.file.sync()
            await self._finish_recording.execute(opened)
            self._journal.note("recording finished", recording.id)
        else:
            size_bytes = opened.file.size_bytes
            self._journal.note("recording waits for its source", recording.id, bytes=size_bytes)
