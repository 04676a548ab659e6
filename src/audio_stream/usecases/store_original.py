"""StoreOriginal: of a recording's bytes, a seekable file in the library."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from audio_stream.domain.errors import MediaToolFailed, TrackNotFound
from audio_stream.domain.recordings import Recording, RecordingState
from audio_stream.domain.tracks import (
    MP3_TYPE,
    Rendition,
    RenditionKind,
    Track,
    TrackState,
    original_key,
    ready_original,
    track_labels,
    waveform_key,
)

if TYPE_CHECKING:
    from pathlib import Path

    from audio_stream.usecases.ports import BlobStore, Finalised, MediaTool, Scratch, Spool
    from audio_stream.usecases.track_blobs import TrackBlobs
    from audio_stream.usecases.track_changes import TrackChanges


@dataclass(frozen=True, slots=True)
class StoredOriginal:
    """A track with its new original, and why that is not a seekable copy, if it is not."""

    track: Track
    kept_raw_because: str | None


class StoreOriginal:
    """Finalise a recording, store the original and its peaks, and switch the track to them."""

    def __init__(
        self,
        *,
        spool: Spool,
        scratch: Scratch,
        media: MediaTool,
        blobs: BlobStore,
        track_blobs: TrackBlobs,
        changes: TrackChanges,
    ) -> None:
        self._spool = spool
        self._scratch = scratch
        self._media = media
        self._blobs = blobs
        self._track_blobs = track_blobs
        self._changes = changes

    async def execute(
        self, *, track: Track, recording: Recording, size_bytes: int
    ) -> StoredOriginal:
        """Return the track at a new revision, made of the recording's first `size_bytes`.

        The blobs of the revision before are still there. Raises NoAudio, UnsupportedMedia,
        MediaToolFailed, TrackNotFound, StorageFull, StorageFailed.
        """
        async with self._scratch.folder() as folder:
            source = await self._source(recording, folder, size_bytes)
            target = folder / "original"
            finalised = await self._media.finalise(source, target)
            drawn = await self._put(track, finalised, target)
        made_of = _Made(
            finalised=finalised,
            drawn=drawn,
            spool_bytes=size_bytes,
            incomplete=recording.state is not RecordingState.FINISHED,
        )
        try:
            saved = await self._changes.apply(track.id, made_of.switch)
        except TrackNotFound:  # deleted meanwhile
            await self._track_blobs.keep_only(track.id, None)
            raise
        return StoredOriginal(saved, finalised.kept_raw_because)

    async def _put(self, track: Track, finalised: Finalised, target: Path) -> bool:
        """Store the original, and its peaks if they can be measured: return whether they were."""
        audio_key = original_key(track.id, finalised.revision, finalised.mime_type)
        await self._blobs.put(
            audio_key, target, mime_type=finalised.mime_type, labels=track_labels(track)
        )
        try:
            peaks = await self._media.measure_peaks(target)
        except MediaToolFailed:
            return False  # what cannot be decoded here may still play elsewhere
        peaks_key = waveform_key(track.id, finalised.revision)
        await self._blobs.put(peaks_key, peaks, mime_type="application/json")
        return True

    async def _source(self, recording: Recording, folder: Path, size_bytes: int) -> Path:
        if recording.state is RecordingState.FINISHED:
            return self._spool.path(recording.id)
        source = folder / "spool"  # its source may return and go on appending meanwhile
        await self._spool.copy(recording.id, source, size_bytes)
        return source


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What the new original is made of."""

    finalised: Finalised
    drawn: bool
    """Whether there are peaks."""
    spool_bytes: int
    incomplete: bool

    def switch(self, track: Track) -> Track:
        """Return the track with the new original, and without the MP3 of another one."""
        made = self.finalised
        original = ready_original(track.id, made.revision, made.mime_type, made.size_bytes)
        if made.mime_type == MP3_TYPE:
            mp3 = replace(original, kind=RenditionKind.MP3)  # nothing to gain by another encoding
        elif track.revision == made.revision:
            mp3 = track.mp3
        else:
            mp3 = Rendition(kind=RenditionKind.MP3)
        return replace(
            track,
            state=TrackState.READY,
            reason=None,
            duration_s=made.duration_s,
            incomplete=self.incomplete,
            revision=made.revision,
            spool_bytes=self.spool_bytes,
            original=original,
            waveform_key=waveform_key(track.id, made.revision) if self.drawn else None,
            mp3=mp3,
        )
