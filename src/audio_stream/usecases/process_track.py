"""ProcessTrack: whatever a track still needs, done step by step; any step can be the first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from audio_stream.domain.errors import (
    BlobNotFound,
    MediaToolFailed,
    NoAudio,
    RecordingNotFound,
    TrackNotFound,
    UnsupportedMedia,
)
from audio_stream.domain.ids import RecordingId
from audio_stream.domain.recordings import MISSING_SPOOL, Recording, RecordingState
from audio_stream.domain.tracks import (
    Rendition,
    RenditionKind,
    RenditionState,
    Track,
    TrackState,
)

if TYPE_CHECKING:
    from audio_stream.domain.ids import TrackId
    from audio_stream.usecases.forget_track import ForgetTrack
    from audio_stream.usecases.mend_track import MendTrack
    from audio_stream.usecases.ports import (
        Journal,
        Mp3Converter,
        RecordingCatalog,
        Spool,
        TrackCatalog,
    )
    from audio_stream.usecases.store_original import StoreOriginal
    from audio_stream.usecases.track_blobs import TrackBlobs
    from audio_stream.usecases.track_changes import TrackChanges


_OVER = (RecordingState.FINISHED, RecordingState.FAILED)
"""Nothing more will come of these."""
_AWAY = (RecordingState.INTERRUPTED, RecordingState.FAILED)
"""What these hold is all there is, for now or for good."""


class ProcessTrack:
    """Bring a track to where nothing is left to do.

    What is done can be read off the catalog, so a restart at any point goes on from there.
    """

    def __init__(
        self,
        *,
        tracks: TrackCatalog,
        recordings: RecordingCatalog,
        spool: Spool,
        track_blobs: TrackBlobs,
        mend_track: MendTrack,
        store_original: StoreOriginal,
        mp3_converter: Mp3Converter,
        changes: TrackChanges,
        forget_track: ForgetTrack,
        journal: Journal,
    ) -> None:
        self._tracks = tracks
        self._recordings = recordings
        self._spool = spool
        self._track_blobs = track_blobs
        self._mend_track = mend_track
        self._store_original = store_original
        self._mp3_converter = mp3_converter
        self._changes = changes
        self._forget_track = forget_track
        self._journal = journal

    async def execute(self, *, track_id: TrackId) -> bool:
        """Do what is left to do; return whether nothing is left, else look again in a while.

        Raises StorageFull or StorageFailed: worth another try later.
        """
        try:
            track = await self._tracks.get_track(track_id)
            made = await self._make_original(track)
            if made is not None and made.mp3.state is RenditionState.PENDING:
                return await self._make_mp3(made)
        except TrackNotFound:
            pass  # deleted meanwhile
        return True

    async def _make_original(self, track: Track) -> Track | None:
        """Return the track once its original is there, None when there will be none."""
        recording_id = RecordingId(track.id)
        recording = await self._recording(recording_id)
        size_bytes = await self._spool.size_bytes(recording_id)
        if recording is not None and recording.discarded:
            await self._forget_track.execute(track_id=track.id)
            return None
        has_spool = size_bytes is not None and recording is not None
        track = await self._mend_track.execute(track=track, has_spool=has_spool)
        if size_bytes is None or recording is None:
            return await self._without_spool(track)
        if track.state is TrackState.FAILED and track.spool_bytes == size_bytes:
            return None
        if track.state is TrackState.PROCESSING or self._is_outdated(track, recording, size_bytes):
            track_or_none = await self._finalise(track, recording, size_bytes)
            if track_or_none is None:
                return None
            track = track_or_none
        await self._keep_only_present_blobs(track)
        if recording.state in _OVER and track.spool_bytes == size_bytes:
            await self._spool.remove(recording_id)
        return track

    async def _recording(self, recording_id: RecordingId) -> Recording | None:
        try:
            return await self._recordings.get_recording(recording_id)
        except RecordingNotFound:
            return None  # the catalog was lost after the spool had been given up

    @staticmethod
    def _is_outdated(track: Track, recording: Recording, size_bytes: int) -> bool:
        """Tell whether the recording has moved on since the original was made."""
        if recording.state is RecordingState.FINISHED:
            return track.incomplete or track.spool_bytes != size_bytes
        return recording.state in _AWAY and track.spool_bytes != size_bytes

    async def _without_spool(self, track: Track) -> Track | None:
        if track.state is TrackState.READY:
            if track.mp3.state is not RenditionState.PENDING:  # that one is looked at often
                await self._keep_only_present_blobs(track)
            return track
        if track.state is TrackState.FAILED:
            return None
        await self._fail(track, MISSING_SPOOL, spool_bytes=0)
        return None

    async def _keep_only_present_blobs(self, track: Track) -> None:
        deleted = await self._track_blobs.keep_only(track.id, track.revision)
        if deleted:
            self._journal.note("superfluous blobs removed", track.id, blobs=deleted)

    async def _finalise(self, track: Track, recording: Recording, size_bytes: int) -> Track | None:
        try:
            stored = await self._store_original.execute(
                track=track, recording=recording, size_bytes=size_bytes
            )
        except NoAudio:
            await self._nothing_to_keep(track, recording)
            return None
        except (UnsupportedMedia, MediaToolFailed) as error:
            await self._fail(track, str(error), spool_bytes=size_bytes)
            return None
        if stored.kept_raw_because is not None:
            self._journal.note("original kept raw", track.id, reason=stored.kept_raw_because)
        self._journal.note("original made", track.id, incomplete=stored.track.incomplete)
        return stored.track

    async def _nothing_to_keep(self, track: Track, recording: Recording) -> None:
        """Take back the promise of a track: there was no audio in the recording."""
        self._journal.note("recording without audio", track.id)
        await self._forget_track.execute(track_id=track.id)
        if recording.state is RecordingState.FINISHED:
            await self._recordings.save_recording(recording.fail(str(NoAudio())))
        if recording.state in _OVER:
            await self._spool.remove(recording.id)

    async def _fail(self, track: Track, reason: str, *, spool_bytes: int) -> None:
        self._journal.note("track failed", track.id, reason=reason)
        failed = Rendition(kind=RenditionKind.ORIGINAL, state=RenditionState.FAILED, reason=reason)
        without = Rendition(kind=RenditionKind.MP3, state=RenditionState.FAILED, reason=reason)

        def give_up(current: Track) -> Track:
            if current.state is TrackState.READY:
                return current  # what was made before still plays
            return replace(
                current,
                state=TrackState.FAILED,
                reason=reason,
                spool_bytes=spool_bytes,
                original=failed,
                mp3=without,
            )

        await self._changes.apply(track.id, give_up)

    async def _make_mp3(self, track: Track) -> bool:
        try:
            mp3 = await self._mp3_converter.convert(track)
            if mp3 is None:
                return False
            self._journal.note("MP3 made", track.id)
        except (MediaToolFailed, BlobNotFound) as error:
            self._journal.note("MP3 failed", track.id, reason=str(error))
            mp3 = Rendition(kind=RenditionKind.MP3, state=RenditionState.FAILED, reason=str(error))

        def switch(current: Track) -> Track:
            return current.with_mp3(mp3) if current.revision == track.revision else current

        try:
            saved = await self._changes.apply(track.id, switch)
        except TrackNotFound:  # deleted meanwhile
            await self._track_blobs.keep_only(track.id, None)
            raise
        if saved.revision != track.revision:  # a newer one came meanwhile
            await self._track_blobs.keep_only(track.id, saved.revision)
        return True
