"""What an MP4 tells before its first fragment, made fit for listeners who join later.

Sections are those of ISO/IEC 14496-12, where no other standard is named.
"""

from __future__ import annotations

from dataclasses import dataclass

from audio_stream.domain.containers.mp4_boxes import box, children, descend, read_uint
from audio_stream.domain.containers.mp4_opus import backward_opus
from audio_stream.domain.errors import MalformedMedia

_AUDIO = b"soun"
_CODECS = {
    b"Opus": "opus",
    b"fLaC": "flac",
    b"alac": "alac",
    b"ac-3": "ac-3",
    b"ec-3": "ec-3",
    b".mp3": "mp3",
}
"""RFC 6381 names by sample entry; AAC's has a number more."""

# Where a box keeps its duration, and in how many bytes, in versions 0 and 1 (§8.2.2, 8.3.2, 8.4.2).
_DURATIONS = {b"mvhd": ((16, 4), (24, 8)), b"mdhd": ((16, 4), (24, 8)), b"tkhd": ((20, 4), (28, 8))}

_ESCAPED_OBJECT_TYPE = 31
_MPEG_4_AUDIO = 0x40
_MPEG_LAYER_3 = (0x69, 0x6B)


@dataclass(frozen=True, slots=True)
class Movie:
    """A `moov` with the first audio track alone, without any duration."""

    element: bytes
    track_id: int
    timescale_hz: int
    media_type: str
    defaults: dict[int, tuple[int, int]]
    """By track: the duration and size in bytes of samples that name none."""


def read_movie(data: bytes) -> Movie:
    """Return the movie whose `moov` contains `data`. Raises MalformedMedia."""
    parts = list(children(data))
    extends = next((content for kind, content, _ in parts if kind == b"mvex"), None)
    if extends is None:
        raise MalformedMedia("an MP4 must be fragmented to go on air.")
    track = next((t for kind, t, _ in parts if kind == b"trak" and _is_audio(t)), None)
    if track is None:
        raise MalformedMedia("it has no audio track.")
    if read_uint(descend(track, b"mdia", b"minf", b"stbl", b"stts"), 4):
        raise MalformedMedia("an MP4's first samples must be in a fragment to go on air.")
    header = descend(track, b"tkhd")
    track_id = read_uint(header, 20 if header[:1] == b"\1" else 12)
    media_header = descend(track, b"mdia", b"mdhd")
    timescale_hz = read_uint(media_header, 20 if media_header[:1] == b"\1" else 12)
    if not timescale_hz:
        raise MalformedMedia("its audio track has no timescale.")
    defaults = [(c, whole) for kind, c, whole in children(extends) if kind == b"trex"]
    return Movie(
        element=box(
            b"moov",
            *(_without_duration(kind, whole) for kind, _, whole in parts if kind == b"mvhd"),
            _right_opus(box(b"trak", *(_timeless(k, whole) for k, _, whole in children(track)))),
            box(b"mvex", *(whole for c, whole in defaults if read_uint(c, 4) == track_id)),
        ),
        track_id=track_id,
        timescale_hz=timescale_hz,
        media_type=_media_type(descend(track, b"mdia", b"minf", b"stbl", b"stsd")[8:]),
        defaults={read_uint(c, 4): (read_uint(c, 12), read_uint(c, 16)) for c, _ in defaults},
    )


def _is_audio(track: bytes) -> bool:
    return descend(track, b"mdia", b"hdlr")[8:12] == _AUDIO


def _timeless(kind: bytes, whole: bytes) -> bytes:
    if kind != b"mdia":
        return _without_duration(kind, whole)
    return box(kind, *(_without_duration(k, w) for k, _, w in children(whole[8:])))


def _right_opus(track: bytes) -> bytes:
    backward = backward_opus(track)
    if backward is None:
        return track
    at, mended = backward
    return track[:at] + mended + track[at + len(mended) :]


def _without_duration(kind: bytes, whole: bytes) -> bytes:
    """Return the box with its duration 0: unknown. Others come back as they are."""
    if kind not in _DURATIONS:
        return whole
    at, width = _DURATIONS[kind][read_uint(whole, 8, 1) == 1]
    read_uint(whole, 8 + at, width)
    return whole[: 8 + at] + bytes(width) + whole[8 + at + width :]


def _media_type(entry: bytes) -> str:
    """Return the media type of what the sample entry describes."""
    kind = entry[4:8]
    codec = _mp4a_codec(entry) if kind == b"mp4a" else _CODECS.get(kind)
    return f"audio/mp4;codecs={codec}" if codec else "audio/mp4"


def _mp4a_codec(entry: bytes) -> str | None:
    """Return the codec of an `mp4a` entry, e.g. mp4a.40.2 (ISO/IEC 14496-1 §7.2.6.5).

    QuickTime puts `esds` into a `wave`, hence the search.
    """
    descriptors = entry[entry.find(b"esds") + 8 :] if b"esds" in entry else b""
    _, body = _descriptor(descriptors, 3)
    flags = body[2] if len(body) > 2 else 0  # noqa: PLR2004 - after ES_ID
    skipped = 3 + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
    found, config = _descriptor(body[skipped:], 4)
    if not found or not config:
        return None
    if config[0] in _MPEG_LAYER_3:
        return "mp3"
    _, specific = _descriptor(config[13:], 5)
    if config[0] != _MPEG_4_AUDIO or len(specific) < 2:  # noqa: PLR2004 - an AudioSpecificConfig
        return f"mp4a.{config[0]:02x}"
    object_type = specific[0] >> 3
    if object_type == _ESCAPED_OBJECT_TYPE:
        object_type = 32 + (specific[0] << 3 & 0x38 | specific[1] >> 5)
    return f"mp4a.40.{object_type}"


def _descriptor(data: bytes, tag: int) -> tuple[bool, bytes]:
    """Tell whether the descriptor is there, with its content (ISO/IEC 14496-1 §8.3.3)."""
    if data[:1] != bytes([tag]):
        return False, b""
    at = 1
    while at < len(data) and data[at] & 0x80:
        at += 1
    return True, data[at + 1 :]
