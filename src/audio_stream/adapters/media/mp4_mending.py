"""All that is put right in an MP4 before ffmpeg reads it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from audio_stream.adapters.media.fragments import hide_stray_fragments
from audio_stream.domain.containers.mp4_opus import backward_opus

if TYPE_CHECKING:
    from pathlib import Path

_HEAD_BYTES = 1 << 16
"""Recorders tell of the codec within so much; only their files are wrong."""


def mend_mp4(source: Path, scratch: Path) -> Path:
    """Return `source`, or its mended copy at `scratch`. Raises OSError."""
    path = hide_stray_fragments(source, scratch)
    with path.open("rb") as file:
        backward = backward_opus(file.read(_HEAD_BYTES))
    if backward is None:
        return path
    if path != scratch:
        shutil.copyfile(source, scratch)
    start, mended = backward
    with scratch.open("r+b") as file:
        file.seek(start)
        file.write(mended)
    return scratch
