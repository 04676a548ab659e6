"""A track: a finished recording in the library, and the forms it is stored in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from audio_stream.domain.ids import StationSlug, TrackId
from audio_stream.domain.titles import Title


class TrackState(StrEnum):
    """Whether a track can be played."""

    PROCESSING = "processing"
    READY = "ready"
    """Its original plays."""
    FAILED = "failed"


class RenditionKind(StrEnum):
    """A form of a track."""

    ORIGINAL = "original"
    """The source's own codec, seekable."""
    MP3 = "mp3"


class RenditionState(StrEnum):
    """Whether a rendition is there."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """One stored form of a track."""

    kind: RenditionKind
    state: RenditionState = RenditionState.PENDING
    reason: str | None = None
    """Why it failed, for a person to read."""
    key: str | None = None
    """Where it rests in the blob store, once it is ready."""
    mime_type: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A finished recording in the library."""

    id: TrackId
    name: str
    """Its name in addresses; it stays when the title changes."""
    title: Title
    station: StationSlug
    created_at: datetime
    state: TrackState = TrackState.PROCESSING
    reason: str | None = None
    duration_s: float | None = None
    incomplete: bool = False
    """Its source has not come back to finish it."""
    revision: str | None = None
    """Names the original's content; each new one gets keys of its own."""
    spool_bytes: int = 0
    """How much of the recording the original holds."""
    waveform_key: str | None = None
    original: Rendition = Rendition(kind=RenditionKind.ORIGINAL)
    mp3: Rendition = Rendition(kind=RenditionKind.MP3)
    version: int = 0
    """Counts the catalog's writes; a write of an older version is refused."""

    @property
    def renditions(self) -> tuple[Rendition, ...]:
        """All forms, the original first."""
        return (self.original, self.mp3)

    def rendition(self, kind: RenditionKind) -> Rendition:
        """Return the form of that kind."""
        return self.original if kind is RenditionKind.ORIGINAL else self.mp3

    @property
    def blob_keys(self) -> frozenset[str]:
        """Every key of the blob store that belongs to this revision of the track."""
        keys = (self.original.key, self.mp3.key, self.waveform_key)
        return frozenset(key for key in keys if key is not None)

    def with_mp3(self, mp3: Rendition) -> Track:
        """Return the track with another MP3."""
        return replace(self, mp3=mp3)


MP3_TYPE = "audio/mpeg"


def extension_of(mime_type: str) -> str:
    """Return the file extension for a stored original, without a dot.

    `mime_type` is one of those sniffed by `domain.containers`.
    """
    return _EXTENSIONS[mime_type.partition(";")[0]]


_EXTENSIONS = {
    "audio/webm": "webm",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/aac": "aac",
}


def original_key(track_id: TrackId, revision: str, mime_type: str) -> str:
    """Return where a revision's original rests."""
    return f"originals/{track_id}/{revision}.{extension_of(mime_type)}"


def mp3_key(track_id: TrackId, revision: str) -> str:
    """Return where a revision's MP3 rests."""
    return f"mp3/{track_id}/{revision}.mp3"


def ready_original(track_id: TrackId, revision: str, mime_type: str, size_bytes: int) -> Rendition:
    """Return the rendition of a revision's original that is stored."""
    return Rendition(
        kind=RenditionKind.ORIGINAL,
        state=RenditionState.READY,
        key=original_key(track_id, revision, mime_type),
        mime_type=mime_type,
        size_bytes=size_bytes,
    )


def ready_mp3(track_id: TrackId, revision: str, size_bytes: int) -> Rendition:
    """Return the rendition of a revision's MP3 that is stored."""
    return Rendition(
        kind=RenditionKind.MP3,
        state=RenditionState.READY,
        key=mp3_key(track_id, revision),
        mime_type=MP3_TYPE,
        size_bytes=size_bytes,
    )


def waveform_key(track_id: TrackId, revision: str) -> str:
    """Return where a revision's peaks rest."""
    return f"waveforms/{track_id}/{revision}.json"


BLOB_FOLDERS = ("originals/", "mp3/", "waveforms/")
"""Where blobs of tracks rest, each track's in a folder of its own."""


def blob_prefixes(track_id: TrackId) -> tuple[str, ...]:
    """Return what the keys of all revisions of a track's blobs begin with."""
    return tuple(f"{folder}{track_id}/" for folder in BLOB_FOLDERS)


def manifest_key(track_id: TrackId) -> str:
    """Return where the track's manifest rests."""
    return f"tracks/{track_id}.json"


def track_labels(track: Track) -> dict[str, str]:
    """Return what a converter elsewhere is told of a track beside its original."""
    return {"title": track.title, "created-at": track.created_at.isoformat()}
