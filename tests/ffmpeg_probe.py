"""Looks at media files with an ffmpeg of its own, to judge what the product made of them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from audio_stream.adapters.media.locate import locate_bundled_ffmpeg, locate_ffmpeg

SAMPLES = Path(__file__).parent / "samples"

RECORDINGS = sorted(path for path in SAMPLES.iterdir() if path.suffix != ".json")
"""One of each recorder and container."""

FFMPEGS = sorted({locate_ffmpeg(), locate_bundled_ffmpeg()})
"""The one on PATH and the one in the wheel."""


@dataclass(frozen=True)
class Packet:
    time: int
    """In ticks of the stream."""
    size_bytes: int
    content: str


def run(ffmpeg: Path, *arguments: str | Path) -> bytes:
    """Return what it printed. Raises CalledProcessError."""
    quiet: list[str | Path] = [ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-y"]
    return subprocess.run([*quiet, *arguments], capture_output=True, check=True).stdout


def packets(ffmpeg: Path, path: Path) -> list[Packet]:
    """Return the first audio stream's packets."""
    copied = ("-map", "0:a:0", "-c", "copy", "-f", "framehash", "-hash", "md5", "-")
    listing = run(ffmpeg, "-i", path, *copied).decode()
    fields = [line.split(",") for line in listing.splitlines() if not line.startswith("#")]
    return [Packet(int(pts), int(size), hash_) for _, _, pts, _, size, hash_, *_ in fields]


def decode(ffmpeg: Path, path: Path, *, from_s: float = 0) -> bytes:
    """Return 16-bit mono samples at 8 kHz, from some time on."""
    mono = ("-map", "0:a:0", "-ac", "1", "-ar", "8000", "-f", "s16le", "-")
    return run(ffmpeg, "-ss", str(from_s), "-i", path, *mono)


def decoded_s(ffmpeg: Path, path: Path, *, from_s: float = 0) -> float:
    """Return how long it sounds, from some time on."""
    return len(decode(ffmpeg, path, from_s=from_s)) / 16_000


def told(ffmpeg: Path, path: Path) -> str:
    """Return what ffmpeg says of a file."""
    command: list[str | Path] = [ffmpeg, "-nostdin", "-hide_banner", "-i", path]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def told_duration_s(ffmpeg: Path, path: Path) -> float:
    """Return the duration that the file's header tells."""
    match = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", told(ffmpeg, path))
    assert match, told(ffmpeg, path)
    return 3600 * int(match[1]) + 60 * int(match[2]) + float(match[3])
