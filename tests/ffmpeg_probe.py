"""Looks at media files with the wheel's ffmpeg, to judge what the product made of them."""

from __future__ import annotations

import re
import stat
import subprocess
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from audio_stream.adapters.media.locate import locate_bundled_ffmpeg, locate_ffmpeg

SAMPLES = Path(__file__).parent / "samples"

RECORDINGS = sorted(path for path in SAMPLES.iterdir() if path.suffix != ".json")
"""One of each recorder and container."""

WHEEL = locate_bundled_ffmpeg()

FFMPEGS = sorted({locate_ffmpeg(), WHEEL})
"""The one on PATH and the one in the wheel."""


@dataclass(frozen=True)
class Packet:
    time: int
    """In ticks of the stream."""
    size_bytes: int
    content: str


def run(*arguments: str | Path) -> bytes:
    """Return what it printed. Raises CalledProcessError."""
    quiet: list[str | Path] = [WHEEL, "-nostdin", "-hide_banner", "-v", "error", "-y"]
    return subprocess.run([*quiet, *arguments], capture_output=True, check=True).stdout


def packets(path: Path) -> list[Packet]:
    """Return the first audio stream's packets."""
    copied = ("-map", "0:a:0", "-c", "copy", "-f", "framehash", "-hash", "md5", "-")
    listing = run("-i", path, *copied).decode()
    fields = [line.split(",") for line in listing.splitlines() if not line.startswith("#")]
    return [Packet(int(pts), int(size), hash_) for _, _, pts, _, size, hash_, *_ in fields]


def payloads(path: Path) -> list[bytes]:
    """Return the bytes of the first audio stream's packets."""
    data = run("-i", path, "-map", "0:a:0", "-c", "copy", "-f", "data", "-")
    sizes = [packet.size_bytes for packet in packets(path)]
    return [data[end - size : end] for size, end in zip(sizes, accumulate(sizes), strict=True)]


def complaints(path: Path) -> str:
    """Return what a decoder finds wrong with a file."""
    command: list[str | Path] = [WHEEL, "-nostdin", "-v", "warning", "-i", path, "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def decode(path: Path, *, from_s: float = 0, timed: bool = False) -> bytes:
    """Return 16-bit mono samples at 8 kHz, from some time on; `timed` has silence for gaps."""
    at_their_times = ("-af", "aresample=async=1:first_pts=0") if timed else ()
    mono = ("-map", "0:a:0", *at_their_times, "-ac", "1", "-ar", "8000", "-f", "s16le", "-")
    return run("-ss", str(from_s), "-i", path, *mono)


def decoded_s(path: Path, *, from_s: float = 0) -> float:
    """Return how long it sounds, from some time on."""
    return len(decode(path, from_s=from_s)) / 16_000


def script(folder: Path, text: str) -> Path:
    """Return a program of that shell text, which passes for ffmpeg."""
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def told(path: Path) -> str:
    """Return what ffmpeg says of a file."""
    command: list[str | Path] = [WHEEL, "-nostdin", "-hide_banner", "-i", path]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def told_duration_s(path: Path) -> float:
    """Return the duration that the file's header tells."""
    said = told(path)
    match = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", said)
    assert match, said
    return 3600 * int(match[1]) + 60 * int(match[2]) + float(match[3])
