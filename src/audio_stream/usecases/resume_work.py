"""ResumeWork: after a start, everything that a stop or a crash left half-done goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError, RecordingNotFound
from audio_stream.domain.ids import TrackId
from audio_stream.domain.recordings import Recording, RecordingState

if TYPE_CHECKING:
    from audio_stream.usecases.finish_recording import FinishRecording
    from audio_stream.usecases.open_recordings import OpenRecordings
    from audio_stream.usecases.ports import (
        Journal,
        Manifests,
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
        manifests: Manifests,
        spool: Spool,
        open_recordings: OpenRecordings,
        finish_recording: FinishRecording,
        promise_track: PromiseTrack,
        work: TrackWork,
        journal: Journal,
    ) -> None:
        self._tracks = tracks
        self._recordings = recordings
        self._manifests = manifests
        self._spool = spool
        self._open_recordings = open_recordings
        self._finish_recording = finish_recording
        self._promise_track = promise_track
        self._work = work
        self._journal = journal

    async def index_spool(self) -> None:
        """Make every recording in the spool known to the catalog, before any source asks for it.

        Raises StorageFailed.
        """
        for noted in await self._spool.list_recordings():
            try:
                await self._recordings.get_recording(noted.id)
            except RecordingNotFound:
                await self._recordings.add_recording(noted)
                self._journal.note("recording indexed from the spool", noted.id)

    async def execute(self) -> None:
        """Go on with all that was under way. Raises StorageFailed."""
        await self._fill_empty_catalog()
        for noted in await self._spool.list_recordings():
            try:
                await self._take_up(await self._recordings.get_recording(noted.id))
            except AudioStreamError as error:
                self._journal.note("recording not taken up", noted.id, reason=str(error))
        for track_id in await self._tracks.list_unfinished_tracks():
            self._work.schedule(track_id)

    async def _fill_empty_catalog(self) -> None:
        page = await self._tracks.page_tracks(query="", cursor=None, limit=1)
        if page.tracks:
            return
        adopted = 0
        async for track in self._manifests.read_all():
            await self._tracks.add_track(track)
            adopted += 1
        if adopted:
            self._journal.note("catalog rebuilt from manifests", "catalog", tracks=adopted)

    async def _take_up(self, recording: Recording) -> None:
        if recording.discarded:
            await self._spool.remove(recording.id)
        elif recording.state is RecordingState.RECORDING:
            await self._reopen(recording)
        elif recording.state is not RecordingState.FAILED:
            if await self._spool.size_bytes(recording.id):
                await self._promise_track.execute(recording)
            self._work.schedule(TrackId(recording.id))

    async def _reopen(self, recording: Recording) -> None:
        """Open it, so that it is interrupted in time unless its source comes back."""
        async with self._open_recordings.turn(recording.id):
            opened = await self._open_recordings.open(recording.id)
            if opened.file.size_bytes == recording.length_bytes:
                await self._finish_recording.execute(opened)
