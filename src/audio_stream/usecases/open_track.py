"""OpenTrack: a track's stored bytes, to be played or downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_stream.domain.errors import RenditionNotReady
from audio_stream.domain.tracks import RenditionKind, RenditionState, TrackState

if TYPE_CHECKING:
    from audio_stream.domain.ids import TrackId
    from audio_stream.domain.tracks import Track
    from audio_stream.usecases.ports import Blob, BlobStore, TrackCatalog


@dataclass(frozen=True, slots=True)
class OpenedTrack:
    """Some stored form of a track, ready to be read."""

    track: Track
    blob: Blob
    mime_type: str


class OpenTrack:
    """Open a rendition or the waveform of a track."""

    def __init__(self, *, catalog: TrackCatalog, blobs: BlobStore) -> None:
        self._catalog = catalog
        self._blobs = blobs

    async def execute(self, *, track_id: TrackId, kind: RenditionKind) -> OpenedTrack:
        """Return the rendition. Raises TrackNotFound, RenditionNotReady, BlobNotFound."""
        track = await self._catalog.get_track(track_id)
        rendition = track.rendition(kind)
        if rendition.state is not RenditionState.READY or rendition.key is None:
            raise RenditionNotReady(track_id, kind, _why_not(track, kind))
        blob = await self._blobs.open(rendition.key)
        return OpenedTrack(track, blob, rendition.mime_type or "application/octet-stream")

    async def waveform(self, *, track_id: TrackId) -> OpenedTrack:
        """Return the peaks. Raises TrackNotFound, RenditionNotReady, BlobNotFound."""
        track = await self._catalog.get_track(track_id)
        if track.waveform_key is None:
            raise RenditionNotReady(track_id, "waveform", "There is no waveform of this track yet.")
        return OpenedTrack(track, await self._blobs.open(track.waveform_key), "application/json")


def _why_not(track: Track, kind: RenditionKind) -> str:
    rendition = track.rendition(kind)
    if track.state is TrackState.FAILED:
        return f"This track could not be made: {track.reason}"
    if rendition.state is RenditionState.FAILED:
        what = "MP3" if kind is RenditionKind.MP3 else "original"
        return f"The {what} could not be made: {rendition.reason}"
    return "This is still being made. Try again in a moment."
