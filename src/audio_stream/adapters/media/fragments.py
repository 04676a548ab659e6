"""Mends fragmented MP4 that ffmpeg would misread."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

_HEADER_BYTES = 8
_LARGE_HEADER_BYTES = 16
_SIZE_FOLLOWS = 1
_TO_THE_END = 1 << 63


def hide_stray_fragments(source: Path, scratch: Path) -> Path:
    """Return `source`, or its copy at `scratch` without the `moof` boxes that have no audio.

    WebKit's recorder writes its last `moof` twice, and only then the `mdat`. ffmpeg takes the
    first for real, reads its samples from wrong places, and drops the true ones: up to a second
    of noise. A `moof` cut off by the end of the file describes audio that never came, and
    ffmpeg 9 refuses it. Both are turned into `free` boxes, so that nothing moves
    (ISO/IEC 14496-12 §8.1.2). Raises OSError.
    """
    with source.open("rb") as file:
        strays = _stray_fragments(file)
    if not strays:
        return source
    shutil.copyfile(source, scratch)
    with scratch.open("r+b") as file:
        for start in strays:
            file.seek(start + 4)
            file.write(b"free")
    return scratch


def _stray_fragments(file: BinaryIO) -> list[int]:
    """Return where the `moof` boxes begin that no `mdat` follows before the next `moof`."""
    strays = []
    waiting: int | None = None
    start = 0
    while header := _read_header(file, start):
        kind, size = header
        if kind == b"moof":
            if waiting is not None:
                strays.append(waiting)
            waiting = start
        elif kind == b"mdat":
            waiting = None
        start += size
    return strays if waiting is None else [*strays, waiting]


def _read_header(file: BinaryIO, start: int) -> tuple[bytes, int] | None:
    """Return the kind and size of the box at `start`, None at the end or when it is no box."""
    file.seek(start)
    header = file.read(_LARGE_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return None
    size = int.from_bytes(header[:4], "big")
    if size == _SIZE_FOLLOWS:
        size = int.from_bytes(header[_HEADER_BYTES:], "big")
    if size < _HEADER_BYTES:
        # No box, or one that goes on to the end of the file: nothing follows it either way.
        size = _TO_THE_END
    return header[4:_HEADER_BYTES], size
