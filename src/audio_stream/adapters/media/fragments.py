"""Mends fragmented MP4 that ffmpeg would misread."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

_MAX_BOXES = 1 << 20
"""So many are looked at: 36 h of recorders' fragments, and 3 s of our time."""

_HEADER_BYTES = 8
_LARGE_HEADER_BYTES = 16
_SIZE_FOLLOWS = 1


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
    size_bytes = file.seek(0, 2)
    start = 0
    for _ in range(_MAX_BOXES):
        if start >= size_bytes:
            break
        file.seek(start)
        kind, size = _parse_header(file.read(_LARGE_HEADER_BYTES))
        if kind == b"moof":
            if waiting is not None:
                strays.append(waiting)
            waiting = start
        elif kind == b"mdat":
            waiting = None
        # No box is smaller than its header; one of size 0 goes on to the end of the file.
        start = start + size if size >= _HEADER_BYTES else size_bytes
    return strays if waiting is None else [*strays, waiting]


def _parse_header(header: bytes) -> tuple[bytes, int]:
    """Return a box's kind and size (ISO/IEC 14496-12 §4.2)."""
    size = int.from_bytes(header[:4], "big")
    if size == _SIZE_FOLLOWS:
        size = int.from_bytes(header[_HEADER_BYTES:], "big")
    return header[4:_HEADER_BYTES], size
