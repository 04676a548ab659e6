"""ReconcileLibrary: catalog, manifests and blobs are made to agree, whatever befell one of them."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from audio_stream.domain.errors import RecordingChanged, RecordingNotFound, TrackNotFound
from audio_stream.domain.events import TrackChangedEvent
from audio_stream.domain.ids import RecordingId, TrackId, parse_recording_id
from audio_stream.domain.recordings import MISSING_SPOOL, RecordingState
from audio_stream.domain.tracks import BLOB_FOLDERS, Track, TrackState
from audio_stream.usecases.all_tracks import all_tracks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audio_stream.usecases.ports import (
        BlobStore,
        EventSink,
        Journal,
        Manifests,
        RecordingCatalog,
        Spool,
        TrackCatalog,
        TrackWork,
    )
    from audio_stream.usecases.track_blobs import TrackBlobs
    from audio_stream.usecases.track_changes import TrackChanges


class ReconcileLibrary:
    """Look once at everything that is stored, and put right what does not fit together.

    Whatever is found is looked at once more before it is acted upon: people record, rename and
    delete meanwhile. What belongs to a track that has a row is left to the work on that track.
    """

    def __init__(
        self,
        *,
        tracks: TrackCatalog,
        recordings: RecordingCatalog,
        manifests: Manifests,
        blobs: BlobStore,
        track_blobs: TrackBlobs,
        spool: Spool,
        changes: TrackChanges,
        work: TrackWork,
        events: EventSink,
        journal: Journal,
    ) -> None:
        self._tracks = tracks
        self._recordings = recordings
        self._manifests = manifests
        self._blobs = blobs
        self._track_blobs = track_blobs
        self._spool = spool
        self._changes = changes
        self._work = work
        self._events = events
        self._journal = journal

    async def execute(self) -> None:
        """Adopt, write, have remade and remove what is to be. Raises StorageFull, StorageFailed."""
        stored = await self._stored_keys()
        noted = {track_id async for track_id in self._manifests.list_ids()}
        known = set()
        async for track in all_tracks(self._tracks):
            known.add(track.id)
            if track.id not in noted:
                await self._write_manifest(track.id)
            if not _fits(track, stored.get(track.id, frozenset())):
                self._work.schedule(track.id)
        for track_id in noted - known:
            await self._adopt(track_id)
        await self._see_to_orphans(
            {id_: keys for id_, keys in stored.items() if id_ not in known | noted}
        )
        await self._fail_recordings_without_file()

    async def _stored_keys(self) -> Mapping[TrackId, set[str]]:
        stored = defaultdict(set)
        for folder in BLOB_FOLDERS:
            async for key in self._blobs.list(folder):
                try:
                    track_id = TrackId(parse_recording_id(key.split("/")[1]))
                except (RecordingNotFound, IndexError):
                    continue  # a stranger's
                stored[track_id].add(key)
        return stored

    async def _write_manifest(self, track_id: TrackId) -> None:
        async with self._changes.alone(track_id):
            try:
                track = await self._tracks.get_track(track_id)
            except TrackNotFound:
                return  # deleted meanwhile
            if track.state is TrackState.PROCESSING:
                return  # it gets one when there is something to tell
            await self._manifests.write(track)
        self._journal.note("manifest written again", track_id)

    async def _adopt(self, track_id: TrackId) -> None:
        async with self._changes.alone(track_id):
            # No deletion is under way here: a manifest that is still there is no leftover of one.
            track = await self._manifests.read(track_id)
            if track is None or await self._has_row(track_id):
                return
            await self._tracks.add_track(track)
        self._journal.note("track adopted from its manifest", track_id)
        self._events.publish(TrackChangedEvent(track_id))
        self._work.schedule(track_id)

    async def _see_to_orphans(self, stored: Mapping[TrackId, set[str]]) -> None:
        """Remove the blobs of deleted tracks.

        Others that nothing speaks of stay: somebody may be restoring a library, or have lost one.
        """
        left_alone = 0
        for track_id, keys in stored.items():
            if await self._is_deleted(track_id):
                await self._track_blobs.keep_only(track_id, None)
                self._journal.note("blobs of a deleted track removed", track_id, blobs=len(keys))
            else:
                left_alone += len(keys)
        if left_alone:
            self._journal.note("blobs without a track left alone", "library", blobs=left_alone)

    async def _is_deleted(self, track_id: TrackId) -> bool:
        try:
            recording = await self._recordings.get_recording(RecordingId(track_id))
        except RecordingNotFound:
            return False
        return recording.discarded and not await self._has_row(track_id)

    async def _fail_recordings_without_file(self) -> None:
        for recording in await self._recordings.list_recordings():
            if recording.state is not RecordingState.RECORDING:
                continue
            if await self._spool.size_bytes(recording.id) is not None:
                continue
            with suppress(RecordingChanged):  # it was finished, and stored, meanwhile
                await self._recordings.save_recording(recording.fail(MISSING_SPOOL))
                self._journal.note("recording failed", recording.id, reason=MISSING_SPOOL)

    async def _has_row(self, track_id: TrackId) -> bool:
        try:
            await self._tracks.get_track(track_id)
        except TrackNotFound:
            return False
        return True


def _fits(track: Track, stored: frozenset[str] | set[str]) -> bool:
    """Tell whether the work on the track would find nothing to do about its blobs."""
    if track.state is TrackState.PROCESSING:
        return True  # it is under way, or scheduled by the start
    if track.state is TrackState.FAILED:
        return track.original.key not in stored
    own = f"/{track.id}/{track.revision}."
    return track.original.key in stored and (
        (track.mp3.key is None or track.mp3.key in stored) and all(own in key for key in stored)
    )
