"""StoreOriginal: of a recording's bytes, a seekable file in the library."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from audio_stream.domain.recordings import Recording, RecordingState
from audio_stream.domain.tracks import (
    Rendition,
    RenditionKind,
    RenditionState,
    Track,
    TrackState,
    original_key,
    waveform_key,
)

if TYPE_CHECKING:
    from pathlib import Path

    from audio_stream.usecases.ports import BlobStore, MediaTool, Scratch, Spool
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
        changes: TrackChanges,
    ) -> None:
        self._spool = spool
        self._scratch = scratch
        self._media = media
        self._blobs = blobs
        self._changes = changes

    async def execute(
        self, *, track: Track, recording: Recording, size_bytes: int
    ) -> StoredOriginal:
        """Return the track at a new revision, made of the recording's first `size_bytes`.

        The blobs of the revision before are removed. Raises NoAudio, UnsupportedMedia,
        MediaToolFailed, TrackNotFound, StorageFull, StorageFailed.
        """
        async with self._scratch.folder() as folder:
            source = await self._source(recording, folder, size_bytes)
            target = folder / "original"
            finalised = await self._media.finalise(source, target)
            audio_key = original_key(track.id, finalised.revision, finalised.mime_type)
            peaks_key = waveform_key(track.id, finalised.revision)
            peaks = await self._media.measure_peaks(target)
            await self._blobs.put(audio_key, target, mime_type=finalised.mime_type)
            await self._blobs.put(peaks_key, peaks, mime_type="application/json")
        original = Rendition(
            kind=RenditionKind.ORIGINAL,
            state=RenditionState.READY,
            key=audio_key,
            mime_type=finalised.mime_type,
            size_bytes=finalised.size_bytes,
        )

        def switch(current: Track) -> Track:
            same = current.revision == finalised.revision
            return replace(
                current,
                state=TrackState.READY,
                reason=None,
                duration_s=finalised.duration_s,
                incomplete=recording.state is RecordingState.INTERRUPTED,
                revision=finalised.revision,
                spool_bytes=size_bytes,
                original=original,
                waveform_key=peaks_key,
                mp3=current.mp3 if same else Rendition(kind=RenditionKind.MP3),
            )

        saved = await self._changes.apply(track.id, switch)
        for key in track.blob_keys - saved.blob_keys:
            await self._blobs.delete(key)
        return StoredOriginal(saved, finalised.kept_raw_because)

    async def _source(self, recording: Recording, folder: Path, size_bytes: int) -> Path:
        if recording.state is RecordingState.FINISHED:
            return self._spool.path(recording.id)
        source = folder / "spool"  # its source may return and go on appending meanwhile
        await self._spool.copy(recording.id, source, size_bytes)
        return source
