"""Tells containers apart by their first bytes, and knows which of them can be live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.containers.container import Container
from audio_stream.domain.containers.ebml import read_doc_type
from audio_stream.domain.containers.mp3 import Mp3Splitter
from audio_stream.domain.containers.mp4 import Mp4Splitter
from audio_stream.domain.containers.mpeg_audio import (
    ADTS_HEADER_BYTES,
    ID3_HEADER_BYTES,
    MPEG_HEADER_BYTES,
    id3_size,
    parse_adts_header,
    parse_mpeg_header,
)
from audio_stream.domain.containers.ogg import OggSplitter
from audio_stream.domain.containers.webm import WebmSplitter
from audio_stream.domain.errors import UnsupportedMedia

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from audio_stream.domain.containers.segments import Splitter

__all__ = [
    "ACCEPTED_FILES",
    "ACCEPTED_LIVE",
    "LIVE_CONTAINERS",
    "SNIFF_BYTES",
    "Container",
    "new_splitter",
    "sniff",
]

SNIFF_BYTES = 16 * 1024
"""So many bytes always suffice: two ADTS frames of the largest size, and all EBML headers seen."""

_SPLITTERS: Mapping[Container, type[Splitter]] = {
    Container.WEBM: WebmSplitter,
    Container.OGG: OggSplitter,
    Container.MP4: Mp4Splitter,
    Container.MP3: Mp3Splitter,
}

LIVE_CONTAINERS = frozenset(_SPLITTERS)
"""Those that can go on air."""

ACCEPTED_LIVE = tuple(container.label for container in Container if container in LIVE_CONTAINERS)
"""What may go on air, for people."""

ACCEPTED_FILES = tuple(container.label for container in Container)
"""What may be uploaded as a file, for people."""


def new_splitter(container: Container) -> Splitter:
    """Return a splitter that has seen nothing yet. KeyError where there is none."""
    return _SPLITTERS[container]()


def sniff(prefix: bytes, *, live: bool = False, whole: bool = False) -> Container | None:
    """Return the container that begins with `prefix`, or None while more bytes are needed.

    `live` admits only what can go on air. `whole` says that no more will come: the answer is
    never None then, nor is it from SNIFF_BYTES on. Raises UnsupportedMedia as soon as the bytes
    can begin nothing that is accepted.
    """
    accepted = LIVE_CONTAINERS if live else frozenset(Container)
    final = whole or len(prefix) >= SNIFF_BYTES
    undecided = False
    for container, is_one in _SIGNATURES.items():
        if container in accepted:
            verdict = is_one(prefix)
            if verdict or (verdict is None and final and container is _likeliest(prefix)):
                return container
            undecided |= verdict is None
    if final or not undecided:
        raise UnsupportedMedia(ACCEPTED_LIVE if live else ACCEPTED_FILES)
    return None


def _likeliest(prefix: bytes) -> Container | None:
    """Return what to assume when a frame or a tag is all there is, with no second one after it."""
    if id3_size(prefix[:ID3_HEADER_BYTES]) or parse_mpeg_header(prefix[:MPEG_HEADER_BYTES]):
        return Container.MP3
    return Container.ADTS if parse_adts_header(prefix[:ADTS_HEADER_BYTES]) else None


def _begins(prefix: bytes, magic: bytes) -> bool | None:
    if len(prefix) < len(magic):
        return None if magic.startswith(prefix) else False
    return prefix.startswith(magic)


def _is_webm(prefix: bytes) -> bool | None:
    verdict = _begins(prefix, b"\x1a\x45\xdf\xa3")
    if not verdict:
        return verdict
    doc_type = read_doc_type(prefix)
    return doc_type if doc_type is None else doc_type in ("webm", "matroska")


def _is_mp4(prefix: bytes) -> bool | None:
    if len(prefix) > 4 and not _begins(prefix[4:8], b"ftyp"[: len(prefix) - 4]):  # noqa: PLR2004 - after the box's size
        return False
    # The size of an `ftyp` is 16 and four for each compatible brand: never a megabyte.
    if not b"\0\0".startswith(prefix[:2]):
        return False
    return True if len(prefix) >= 8 else None  # noqa: PLR2004 - size and type


def _is_wav(prefix: bytes) -> bool | None:
    """RF64 is the same for files above 4 GB (EBU Tech 3306)."""
    verdicts = [_begins(prefix[:4], magic) for magic in (b"RIFF", b"RF64")]
    if True in verdicts:
        return _begins(prefix[8:12], b"WAVE")
    return None if None in verdicts else False


def _after_id3(prefix: bytes) -> bytes | None:
    """Return what follows the ID3v2 tag, `prefix` itself without one, None while unknown."""
    verdict = _begins(prefix, b"ID3")
    if verdict is False:
        return prefix
    if len(prefix) < ID3_HEADER_BYTES:
        return None
    size = id3_size(prefix[:ID3_HEADER_BYTES])
    if size is None:
        return prefix
    return prefix[size:] or None


def _is_flac(prefix: bytes) -> bool | None:
    rest = _after_id3(prefix)
    return None if rest is None else _begins(rest, b"fLaC")


def _is_mp3(prefix: bytes) -> bool | None:
    rest = _after_id3(prefix)
    if rest is None:
        return None
    verdict = _has_two_frames(rest, MPEG_HEADER_BYTES, _mpeg_frame)
    if verdict or rest == prefix:
        return verdict
    # Between tag and frames there is often padding. Nothing but these three carries such tags.
    return True if (_is_flac(prefix), _is_adts(prefix)) == (False, False) else None


def _is_adts(prefix: bytes) -> bool | None:
    rest = _after_id3(prefix)
    if rest is None:
        return None
    return _has_two_frames(rest, ADTS_HEADER_BYTES, parse_adts_header)


def _mpeg_frame(header: bytes) -> tuple[int, int] | None:
    frame = parse_mpeg_header(header)
    return None if frame is None else (frame.size_bytes, frame.fixed)


def _has_two_frames(
    data: bytes, header_bytes: int, parse: Callable[[bytes], tuple[int, int] | None]
) -> bool | None:
    """Tell whether two frames of one stream follow each other: random bytes hardly ever do."""
    if not _begins(data[:1], b"\xff") or (len(data) > 1 and data[1] < 0xE0):  # noqa: PLR2004 - the sync word
        return None if not data else False
    if len(data) < header_bytes:
        return None
    first = parse(data[:header_bytes])
    if first is None:
        return False
    size_bytes, fixed = first
    if len(data) < size_bytes + header_bytes:
        return None
    second = parse(data[size_bytes : size_bytes + header_bytes])
    return second is not None and second[1] == fixed


_SIGNATURES: Mapping[Container, Callable[[bytes], bool | None]] = {
    Container.WEBM: _is_webm,
    Container.OGG: lambda prefix: _begins(prefix, b"OggS"),
    Container.MP4: _is_mp4,
    Container.WAV: _is_wav,
    Container.FLAC: _is_flac,
    Container.ADTS: _is_adts,
    Container.MP3: _is_mp3,
}
