"""ResumeWork: everything that a stop, a crash or a failing disk left half-done goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError, RecordingNotFound
from audio_stream.domain.recordings import Recording, RecordingState
from audio_stream.domain.titles import Title

if TYPE_CHECKING:
    from audio_stream.domain.ids import RecordingId, StationSlug
    from audio_stream.usecases.discard_recording import DiscardRecording
    from audio_stream.usecases.finish_recording import FinishRecording
    from audio_stream.usecases.open_recordings import OpenRecordings
    from audio_stream.usecases.ports import (
        Clock,
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
        discard_recording: DiscardRecording,
        work: TrackWork,
        clock: Clock,
        journal: Journal,
        default_station: StationSlug,
    ) -> None:
        self._tracks = tracks
        self._recordings = recordings
        self._manifests = manifests
        self._spool = spool
        self._open_recordings = open_recordings
        self._finish_recording = finish_recording
        self._promise_track = promise_track
        self._discard_recording = discard_recording
        self._work = work
        self._clock = clock
        self._journal = journal
        self._default_station = default_station
        self._library_was_empty = False

    async def index(self) -> None:
        """Make the catalog know every recording in the spool, before any source asks for it.

        A note is written before its row, so after a crash the note is right. Raises StorageFailed.
        """
        page = await self._tracks.page_tracks(query="", cursor=None, limit=1)
        self._library_was_empty = not page.tracks
        for recording_id in await self._spool.list_unnoted():
            try:
                await self._note_again(recording_id)
            except AudioStreamError as error:  # its row will do for now
                self._journal.note("note not written again", recording_id, reason=str(error))
        for noted in await self._spool.list_recordings():
            try:
                row = await self._recordings.get_recording(noted.id)
            except RecordingNotFound:
                await self._recordings.add_recording(noted)
                self._journal.note("recording indexed from the spool", noted.id)
                continue
            newer = replace(noted, version=row.version)
            if newer != row and not row.discarded:
                await self._recordings.save_recording(newer)
                self._journal.note("recording indexed anew from its note", noted.id)

    async def _note_again(self, recording_id: RecordingId) -> None:
        """Write the note of bytes that have none: from the row, or as of a source that left."""
        try:
            recording = await self._recordings.get_recording(recording_id)
        except RecordingNotFound:
            now = self._clock.now()
            recording = Recording(
                id=recording_id,
                station=self._default_station,
                title=Title(""),
                live=False,
                claimed_type="",
                started_at=now,
            ).interrupt(now)
        await self._spool.annotate(recording)
        self._journal.note("note written again", recording_id)

    async def execute(self) -> None:
        """Go on with all that is under way and that nobody sees to. Raises StorageFailed.

        Once at the start; and again from time to time, for what a disk or a database that failed
        made somebody give up.
        """
        await self._rebuild_library()
        for noted in await self._spool.list_recordings():
            try:
                await self._take_up(noted.id)
            except AudioStreamError as error:
                self._journal.note("recording not taken up", noted.id, reason=str(error))
        for track_id in await self._tracks.list_unfinished_tracks():
            self._work.schedule(track_id)

    async def _rebuild_library(self) -> None:
        """Fill a catalog that was lost, in one step: half of it would not look lost any more."""
        if not self._library_was_empty:
            return
        found = [track async for track in self._manifests.read_all()]
        if found:
            await self._tracks.add_tracks(found)
            self._library_was_empty = False
            self._journal.note("catalog rebuilt from manifests", "catalog", tracks=len(found))

    async def _take_up(self, recording_id: RecordingId) -> None:
        if self._open_recordings.peek(recording_id) is not None:
            return  # its source was faster
        async with self._open_recordings.turn(recording_id):
            recording = await self._recordings.get_recording(recording_id)
            if recording.discarded:
                await self._discard_recording.complete(recording_id)
            elif recording.state is RecordingState.RECORDING:
                await self._reopen(recording)
            elif await self._spool.size_bytes(recording_id):
                await self._promise_track.execute(recording)
            elif recording.state is not RecordingState.INTERRUPTED:
                await self._spool.remove(recording_id)

    async def _reopen(self, recording: Recording) -> None:
        """Open it, so that it is interrupted in time unless its source comes back."""
        opened = await self._open_recordings.open(recording.id)
        if opened.is_complete:
            await opened.file.sync()
            await self._finish_recording.execute(opened)
