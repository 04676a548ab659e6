"""What a WebM file tells before its first block, made fit for listeners who join later."""

from __future__ import annotations

from dataclasses import dataclass

from audio_stream.domain.containers import ebml
from audio_stream.domain.errors import MalformedMedia

INFO = 0x1549A966
TRACKS = 0x1654AE6B

_TIMESTAMP_SCALE = 0x2AD7B1
_DURATION = 0x4489
_TRACK_ENTRY = 0xAE
_TRACK_NUMBER = 0xD7
_TRACK_TYPE = 0x83
_CODEC_ID = 0x86
_AUDIO = 2
_DEFAULT_TIMESTAMP_SCALE_NS = 1_000_000

# CRC-32 is of bytes that change here; Void is nothing.
_LEFT_OUT = (_DURATION, ebml.CRC_32, ebml.VOID)

_CODECS = {
    "A_OPUS": "opus",
    "A_VORBIS": "vorbis",
    "A_FLAC": "flac",
    "A_MPEG/L3": "mp3",
    "A_AAC": "mp4a.40.2",
    "A_PCM/FLOAT/IEEE": "pcm",
    "A_PCM/INT/LIT": "pcm",
}
"""RFC 6381 names by CodecID (Matroska codec specification §6)."""


@dataclass(frozen=True, slots=True)
class Info:
    """The Segment's Info, without the Duration that a live stream does not have."""

    element: bytes
    timestamp_scale_ns: int


@dataclass(frozen=True, slots=True)
class Track:
    """The first audio track."""

    element: bytes
    """Tracks with this one entry, which stays as it is, its number too."""
    number: int
    media_type: str


NO_INFO = Info(b"", _DEFAULT_TIMESTAMP_SCALE_NS)


def read_info(data: bytes) -> Info:
    """Return the Info whose content is `data`. Raises MalformedMedia."""
    kept, scale_ns = [], _DEFAULT_TIMESTAMP_SCALE_NS
    for child_id, at, data_at, end in ebml.children(data, 0, len(data)):
        if child_id == _TIMESTAMP_SCALE:
            scale_ns = ebml.read_uint(data[data_at:end])
        if child_id not in _LEFT_OUT:
            kept.append(data[at:end])
    if not scale_ns:
        raise MalformedMedia("its TimestampScale is 0.")
    return Info(ebml.element(INFO, b"".join(kept)), scale_ns)


def read_tracks(data: bytes) -> Track:
    """Return the first audio track of the Tracks whose content is `data`. Raises MalformedMedia."""
    for child_id, at, data_at, end in ebml.children(data, 0, len(data)):
        if child_id != _TRACK_ENTRY:
            continue
        fields = {
            field: data[field_at:field_end]
            for field, _, field_at, field_end in ebml.children(data, data_at, end)
            if field in (_TRACK_NUMBER, _TRACK_TYPE, _CODEC_ID)
        }
        if ebml.read_uint(fields.get(_TRACK_TYPE, b"")) != _AUDIO:
            continue
        number = ebml.read_uint(fields.get(_TRACK_NUMBER, b""))
        if not number:
            raise MalformedMedia("its audio track has no number.")
        codec = _CODECS.get(fields.get(_CODEC_ID, b"").rstrip(b"\0").decode("ascii", "replace"))
        return Track(
            element=ebml.element(TRACKS, data[at:end]),
            number=number,
            media_type=f"audio/webm;codecs={codec}" if codec else "audio/webm",
        )
    raise MalformedMedia("it has no audio track.")
