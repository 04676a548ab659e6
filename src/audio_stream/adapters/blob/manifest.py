"""How a track is written down beside its blobs, in JSON."""

from __future__ import annotations

from datetime import UTC
from typing import Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from audio_stream.domain.errors import AudioStreamError
from audio_stream.domain.ids import TrackId, parse_recording_id, parse_station
from audio_stream.domain.titles import clean_title
from audio_stream.domain.tracks import (
    Rendition,
    RenditionKind,
    RenditionState,
    Track,
    TrackState,
)

MANIFEST_VERSION: Final = 1
"""To be raised when older programs would misread what is written, not when fields are added."""


class UnreadableManifest(ValueError):
    """The bytes are no manifest that this program understands."""


class _Versioned(BaseModel):
    manifest_version: int


class _RenditionNote(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    state: RenditionState
    reason: str | None
    key: str | None
    mime_type: str | None
    size_bytes: int | None

    def rendition(self, kind: RenditionKind) -> Rendition:
        return Rendition(kind=kind, **dict(self))


class _TrackNote(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    manifest_version: Literal[1] = MANIFEST_VERSION
    id: str
    name: str
    title: str
    station: str
    created_at: AwareDatetime
    state: TrackState
    reason: str | None
    duration_s: float | None
    incomplete: bool
    revision: str | None
    spool_bytes: int
    waveform_key: str | None
    original: _RenditionNote
    mp3: _RenditionNote

    @classmethod
    def of(cls, track: Track) -> Self:
        return cls.model_validate(track)

    def track(self) -> Track:
        values = dict(self)
        del values["manifest_version"]
        values |= {
            "id": TrackId(parse_recording_id(self.id)),
            "title": clean_title(self.title),
            "station": parse_station(self.station),
            "created_at": self.created_at.astimezone(UTC),
            "original": self.original.rendition(RenditionKind.ORIGINAL),
            "mp3": self.mp3.rendition(RenditionKind.MP3),
        }
        return Track(**values)


def write_manifest(track: Track) -> bytes:
    """Return all there is to know of a track but its catalog version, as JSON in UTF-8."""
    return _TrackNote.of(track).model_dump_json(indent=2).encode()


def read_manifest(data: bytes) -> Track:
    """Return the track that `write_manifest` wrote down. Raises UnreadableManifest.

    Fields it does not know are passed over.
    """
    try:
        version = _Versioned.model_validate_json(data).manifest_version
        if version > MANIFEST_VERSION:
            raise UnreadableManifest(f"it was written by a later program (version {version})")
        return _TrackNote.model_validate_json(data).track()
    except (ValidationError, AudioStreamError) as error:
        raise UnreadableManifest(str(error)) from error
