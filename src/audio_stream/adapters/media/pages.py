"""Mends Ogg that ends in the middle of a page, which ffmpeg would drop whole."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from audio_stream.domain.containers.ogg_pages import checksum

if TYPE_CHECKING:
    from pathlib import Path

# The page's header (RFC 3533 §6): magic and version, flags, position, serial number, sequence
# number, checksum, count of segments, and then the segments' sizes.
_MAGIC = b"OggS\0"
_FLAGS = 5
_POSITION = slice(6, 14)
_CHECKSUM = slice(22, 26)
_SEGMENTS = 26
_SIZES = 27
_LAST_PAGE = 4
_GOES_ON = 255
_MAX_PAGE_BYTES = _SIZES + 255 + 255 * 255
_UNKNOWN_POSITION = (1 << 64) - 1

# Where the first page's packet begins, and how in Opus (RFC 7845 §5.1).
_FIRST_PACKET = 28
_OPUS = b"OpusHead"


def mend_last_page(source: Path, scratch: Path) -> Path:
    """Return `source`, or its copy at `scratch` whose last page ends with its last whole packet.

    A page can be a second long, and holds many packets. Raises OSError.
    """
    with source.open("rb") as file:
        first = file.read(_FIRST_PACKET + len(_OPUS))
        size_bytes = file.seek(0, 2)
        tail_start = file.seek(max(0, size_bytes - _MAX_PAGE_BYTES))
        tail = file.read()
    at = tail.rfind(_MAGIC)
    page = None if at < 0 else cut_page(tail[at:], opus=first.endswith(_OPUS))
    if page is None:
        return source
    shutil.copyfile(source, scratch)
    with scratch.open("r+b") as file:
        file.truncate(tail_start + at)
        file.seek(0, 2)
        file.write(page)
    return scratch


def cut_page(page: bytes, *, opus: bool) -> bytes | None:
    """Return the page with only its whole packets, nothing if it has none; None if all is there.

    Its position told when the packets end that are gone. For Opus it is reckoned back, as if
    those were as long as the last that is there; for other codecs ffmpeg does better without.
    """
    count = page[_SEGMENTS] if len(page) > _SEGMENTS else 0
    sizes = page[_SIZES : _SIZES + count]
    body = page[_SIZES + count :]
    if len(page) >= _SIZES + count and len(body) >= sum(sizes):
        return None
    kept, start, end = _whole_packets(sizes, len(body))
    if not kept:
        return b""
    position = _UNKNOWN_POSITION
    if opus:
        gone = sum(size < _GOES_ON for size in sizes[kept:])
        position = int.from_bytes(page[_POSITION], "little") - gone * _opus_samples(body[start:end])
    header = bytearray(page[:_SIZES])
    header[_FLAGS] &= ~_LAST_PAGE
    header[_POSITION] = max(position, 0).to_bytes(8, "little")
    header[_CHECKSUM] = bytes(4)
    header[_SEGMENTS] = kept
    mended = header + sizes[:kept] + body[:end]
    mended[_CHECKSUM] = checksum(bytes(mended)).to_bytes(4, "little")
    return bytes(mended)


def _whole_packets(sizes: bytes, available: int) -> tuple[int, int, int]:
    """Return how many segments make whole packets, and where the last of these starts and ends."""
    kept = start = end = 0
    next_start = at = 0
    for number, size in enumerate(sizes, start=1):
        at += size
        if size < _GOES_ON:
            if at > available:
                break
            kept, start, end = number, next_start, at
            next_start = at
    return kept, start, end


def _opus_samples(packet: bytes) -> int:
    """Return how long an Opus packet lasts, in samples of 48 kHz (RFC 6716 §3.1)."""
    if not packet:
        return 0
    configuration, frames = packet[0] >> 3, (1, 2, 2, packet[1] & 63 if len(packet) > 1 else 0)
    if configuration < 12:  # noqa: PLR2004 - SILK, then both, then CELT
        frame = (480, 960, 1920, 2880)[configuration % 4]
    elif configuration < 16:  # noqa: PLR2004 - the same
        frame = (480, 960)[configuration % 2]
    else:
        frame = (120, 240, 480, 960)[configuration % 4]
    return frame * frames[packet[0] & 3]
