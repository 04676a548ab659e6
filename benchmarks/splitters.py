"""How fast the splitters are: as chunks come live, and as a spool is read again after a restart.

    python benchmarks/splitters.py [--seconds 0.5]

Each of tests/samples is split over and over: once in the chunks its recorder made of it (what an
append costs on the live path), once in pieces of 64 KiB (what a restart costs).
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import accumulate
from pathlib import Path

from audio_stream.domain.containers.sniffing import SNIFF_BYTES, Container, new_splitter, sniff

SAMPLES = Path(__file__).parents[1] / "tests" / "samples"
PIECE_BYTES = 64 * 1024


def pieces_of(media: bytes, sizes: list[int]) -> list[bytes]:
    """Cut the media into chunks of these sizes."""
    ends = list(accumulate(sizes))
    return [media[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def split(container: Container, pieces: list[bytes]) -> int:
    """Split all pieces; return how many segments they made."""
    splitter = new_splitter(container)
    return sum(len(splitter.feed(splitter.offset, piece)) for piece in pieces)


def measure_s(container: Container, pieces: list[bytes], seconds: float) -> float:
    """Return the shortest time that splitting all pieces once took."""
    best, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        begin = time.perf_counter()
        split(container, pieces)
        best = min(best, time.perf_counter() - begin)
    return best


def main() -> None:
    """Print a line for each sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each figure")
    seconds = parser.parse_args().seconds
    print(f"{'sample':24} {'segments':>8} {'live, us a chunk':>17} {'64 KiB, MB/s':>13}")
    for path in sorted(SAMPLES.glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        media = (SAMPLES / told["file"]).read_bytes()
        container = sniff(media[:SNIFF_BYTES])
        assert container is not None
        chunks = pieces_of(media, told["sizes"])
        pieces = [media[at : at + PIECE_BYTES] for at in range(0, len(media), PIECE_BYTES)]
        assert split(container, chunks) == split(container, pieces)
        chunk_us = 1e6 * measure_s(container, chunks, seconds) / len(chunks)
        speed = len(media) / 1e6 / measure_s(container, pieces, seconds)
        segments = split(container, pieces)
        print(f"{told['file']:24} {segments:>8} {chunk_us:>17.1f} {speed:>13.0f}")


if __name__ == "__main__":
    main()
