"""Where the ffmpeg command is."""

from __future__ import annotations

import shutil
from pathlib import Path

import imageio_ffmpeg

from audio_stream.domain.errors import MediaToolFailed


def locate_ffmpeg() -> Path:
    """Return the ffmpeg on PATH, else the one inside the imageio-ffmpeg wheel.

    Raises MediaToolFailed, saying what to install, when there is neither.
    """
    on_path = shutil.which("ffmpeg")
    return Path(on_path) if on_path else locate_bundled_ffmpeg()


def locate_bundled_ffmpeg() -> Path:
    """Return the binary inside the imageio-ffmpeg wheel. Raises MediaToolFailed."""
    try:
        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        # There is no wheel with a binary for every platform: musl and the BSDs have none.
        raise MediaToolFailed(
            "There is no ffmpeg: install it with your system's package manager "
            "(apt install ffmpeg, brew install ffmpeg) so that it is on PATH."
        ) from error
