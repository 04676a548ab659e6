"""AdoptOldTracks: the Node.js original's recordings become tracks of this library."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError, TrackNotFound
from audio_stream.domain.ids import StationSlug, TrackId
from audio_stream.domain.titles import Title, clean_title
from audio_stream.domain.tracks import (
    MP3_TYPE,
    Rendition,
    RenditionKind,
    Track,
    TrackState,
    mp3_key,
    original_key,
    ready_mp3,
    ready_original,
    track_labels,
    waveform_key,
)

if TYPE_CHECKING:
    from pathlib import Path

    from audio_stream.usecases.ports import (
        BlobStore,
        Finalised,
        Journal,
        Manifests,
        MediaTool,
        OldLibrary,
        OldTrack,
        Scratch,
        TrackCatalog,
    )

_ID_DIGITS = 32


class AdoptOldTracks:
    """Bring old files in with their names and dates; the old files stay as they are.

    An id is made of the old name, so that adopting again, or from two places, makes no second
    track.
    """

    def __init__(
        self,
        *,
        catalog: TrackCatalog,
        manifests: Manifests,
        blobs: BlobStore,
        media: MediaTool,
        scratch: Scratch,
        journal: Journal,
        station: StationSlug,
    ) -> None:
        self._catalog = catalog
        self._manifests = manifests
        self._blobs = blobs
        self._media = media
        self._scratch = scratch
        self._journal = journal
        self._station = station

    async def execute(self, library: OldLibrary) -> tuple[int, int]:
        """Return how many tracks were adopted, and how many could not be. Raises StorageFailed."""
        adopted = failed = 0
        async for old in library.list_tracks():
            track_id = TrackId(hashlib.sha256(old.name.encode()).hexdigest()[:_ID_DIGITS])
            if await self._is_known(track_id):
                continue
            try:
                await self._adopt(track_id, old, library)
            except AudioStreamError as error:
                self._journal.note("old track not adopted", old.name, reason=str(error))
                failed += 1
            else:
                self._journal.note("old track adopted", old.name)
                adopted += 1
        return adopted, failed

    async def _is_known(self, track_id: TrackId) -> bool:
        try:
            await self._catalog.get_track(track_id)
        except TrackNotFound:
            return False
        return True

    async def _adopt(self, track_id: TrackId, old: OldTrack, library: OldLibrary) -> None:
        async with self._scratch.folder() as folder:
            source, target = folder / "source", folder / "original"
            await library.fetch(old.original or old.mp3, source)
            finalised = await self._media.finalise(source, target)
            track = self._track(track_id, old, finalised)
            if finalised.kept_raw_because is not None:
                reason = finalised.kept_raw_because
                self._journal.note("original kept raw", old.name, reason=reason)
            # The MP3 first: a converter that is told of the original then finds it done.
            if old.original and old.mp3:
                track = replace(track, mp3=await self._store_mp3(track, old, library, folder))
            await self._store(track, finalised, target)
        await self._manifests.write(track)
        await self._catalog.add_track(track)

    def _track(self, track_id: TrackId, old: OldTrack, finalised: Finalised) -> Track:
        original = ready_original(
            track_id, finalised.revision, finalised.mime_type, finalised.size_bytes
        )
        is_mp3 = finalised.mime_type == MP3_TYPE
        title = clean_title(old.name.replace("-", " "))
        return Track(
            id=track_id,
            name=old.name,
            title=title or Title(old.name),
            station=self._station,
            created_at=old.created_at,
            state=TrackState.READY,
            duration_s=finalised.duration_s,
            revision=finalised.revision,
            original=original,
            waveform_key=waveform_key(track_id, finalised.revision),
            mp3=replace(original, kind=RenditionKind.MP3)
            if is_mp3
            else Rendition(kind=RenditionKind.MP3),
        )

    async def _store(self, track: Track, finalised: Finalised, target: Path) -> None:
        revision = finalised.revision
        peaks = await self._media.measure_peaks(target)
        key = original_key(track.id, revision, finalised.mime_type)
        await self._blobs.put(
            key, target, mime_type=finalised.mime_type, labels=track_labels(track)
        )
        peaks_key = waveform_key(track.id, revision)
        await self._blobs.put(peaks_key, peaks, mime_type="application/json")

    async def _store_mp3(
        self, track: Track, old: OldTrack, library: OldLibrary, folder: Path
    ) -> Rendition:
        source, target = folder / "old-mp3", folder / "mp3"
        await library.fetch(old.mp3, source)
        made = await self._media.finalise(source, target)
        if made.mime_type != MP3_TYPE or track.revision is None:
            return track.mp3  # no MP3 in truth: one is made of the original
        key = mp3_key(track.id, track.revision)
        await self._blobs.put(key, target, mime_type=MP3_TYPE)
        return ready_mp3(track.id, track.revision, made.size_bytes)
