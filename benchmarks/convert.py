"""The Lambda's conversion against the bare ffmpeg command: time ratio, and peak memory.

    python benchmarks/convert.py [--minutes 1 60] [--memory-hours 2]

Both encode the same WebM/Opus recording to the same 320 kbit/s MP3, in turn, from file to file;
ours also sniffs, verifies the decoded duration, and talks to an S3 on this machine. The memory
figure is the largest of the handler's process and its ffmpeg.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "functions" / "convert_to_mp3")]

from audio_stream.adapters.media.locate import locate_ffmpeg  # noqa: E402 - found by the path above

_CHILD = """
import json, os, resource, sys, time
from pathlib import Path
from types import SimpleNamespace
import handler

source = Path(sys.argv[1])


class FileS3:
    # Reads and writes files: S3's own time is not what is measured.
    def get_object(self, Bucket, Key):
        body = source.open("rb")
        chunks = SimpleNamespace(iter_chunks=lambda n: iter(lambda: body.read(n), b""))
        return {"Body": chunks, "Metadata": {}}

    def put_object(self, *, Body, **_):
        while Body.read(1 << 20):
            pass


handler._s3 = FileS3
key = "audio-stream-files/originals/0a/1" + source.suffix
event = {"Records": [{"eventName": "ObjectCreated:Put",
                      "s3": {"bucket": {"name": "b"}, "object": {"key": key}}}]}
context = SimpleNamespace(get_remaining_time_in_millis=lambda: 3_600_000)
begun = time.perf_counter()
handler.handler(event, context)
seconds = time.perf_counter() - begun
kib = max(resource.getrusage(who).ru_maxrss
          for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({"seconds": seconds, "mib": kib / 1024}))
"""


def recording(folder: Path, minutes: float) -> Path:
    """Make a recording: speech-like noise, Opus at 64 kbit/s, as Chromium's recorder sends it."""
    path = folder / f"{minutes:g}min.webm"
    command = [str(locate_ffmpeg()), "-v", "error", "-f", "lavfi"]
    command += ["-i", f"anoisesrc=d={minutes * 60}:c=pink:r=48000,tremolo=f=4:d=0.9"]
    command += ["-c:a", "libopus", "-b:a", "64k", str(path)]
    subprocess.run(command, check=True)
    return path


def ours(source: Path) -> dict[str, float]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path[:2])}
    environment |= {"AWS_DEFAULT_REGION": "eu-west-1", "TMPDIR": str(source.parent)}
    child = [sys.executable, "-c", _CHILD, str(source)]
    result = subprocess.run(child, env=environment, capture_output=True, check=True, text=True)
    figures: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return figures


def bare_seconds(source: Path) -> float:
    command = [str(locate_ffmpeg()), "-v", "error", "-y", "-threads", "1", "-i", str(source)]
    command += ["-c:a", "libmp3lame", "-b:a", "320k", str(source.with_suffix(".bare.mp3"))]
    begun = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - begun


def compare(folder: Path, minutes: float, runs: int) -> None:
    source = recording(folder, minutes)
    pairs = [(ours(source)["seconds"], bare_seconds(source)) for _ in range(runs)]
    ratio = statistics.median(own / bare for own, bare in pairs)
    own = statistics.median(own for own, _ in pairs)
    print(f"{minutes:5g} min: {own:7.2f} s, {ratio:.3f} of bare ffmpeg (median of {runs} pairs)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, nargs="*", default=[1, 60])
    parser.add_argument("--runs", type=int, default=5, help="pairs for up to 5 minutes of sound")
    parser.add_argument("--memory-hours", type=float, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for minutes in arguments.minutes:
            compare(folder, minutes, arguments.runs if minutes <= 5 else 1)
        if arguments.memory_hours:
            hours = arguments.memory_hours
            mib = ours(recording(folder, hours * 60))["mib"]
            print(f"{hours:5g} h: {mib:.0f} MiB at most in any process")


if __name__ == "__main__":
    main()
