"""Uploads: pools of 1, 4 and 20 processes against one asyncio process, and what listeners feel.

200 tracks of 3 MB go into a sink that answers as S3 does: at once, so that the processor is what
is short; and after 30 ms, as over a network. Beside the time, each way is charged with the longest
pause of the event loop that it runs in, which the live listeners share (to reach: 50 ms). A pool's
time begins with no process running.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from audio_stream.adapters.blob.s3_client import S3Options, open_client
from audio_stream.adapters.blob.s3_target import Target
from audio_stream.adapters.blob.s3_upload import FileUploads, Report, S3Upload
from audio_stream.infrastructure.upload_pool import UploadPool

_SINK = Path(__file__).with_name("s3_sink.py")
_AT_ONCE = 20
"""How many uploads the one process has under way."""
_TICK_S = 0.002


class Direct(FileUploads):
    """All uploads in this process, as many at once as the largest pool."""

    def __init__(self, uploads: FileUploads) -> None:
        self._uploads = uploads
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def upload(self, source: Path, target: Target, report: Report) -> None:
        async with self._places:
            await self._uploads.upload(source, target, report)


@asynccontextmanager
async def one_process(options: S3Options) -> AsyncIterator[FileUploads]:
    async with open_client(options) as client:
        yield Direct(S3Upload(client, options))


@contextmanager
def sink(latency_ms: float) -> Iterator[str]:
    """Give the URL of a sink in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, str(_SINK), str(latency_ms / 1000)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        assert process.stdin
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


async def longest_pause_s(during: asyncio.Task[float]) -> float:
    """Return how late the event loop came back to a task that wanted it every 2 ms."""
    longest_s = 0.0
    while not during.done():
        began_s = time.perf_counter()
        await asyncio.sleep(_TICK_S)
        longest_s = max(longest_s, time.perf_counter() - began_s - _TICK_S)
    return longest_s


async def upload_all(uploads: FileUploads, source: Path, tracks: int) -> float:
    """Return how long it took."""
    began_s = time.perf_counter()
    targets = (Target(key=f"originals/{n}/a.webm", mime_type="audio/webm") for n in range(tracks))
    await asyncio.gather(*(uploads.upload(source, target, lambda *_: None) for target in targets))
    return time.perf_counter() - began_s


async def measure(url: str, workers: int | None, source: Path, tracks: int) -> tuple[float, float]:
    """Return the time and the longest pause of one way."""
    options = S3Options(bucket="sink", endpoint_url=url)
    way = one_process(options) if workers is None else UploadPool(options, workers=workers)
    async with way as uploads:
        uploading = asyncio.create_task(upload_all(uploads, source, tracks))
        pause_s = await longest_pause_s(uploading)
        took_s = await uploading
    with urllib.request.urlopen(url) as answer:  # noqa: ASYNC210, S310 - it is over, and ours
        received = json.load(answer)
    assert received == [tracks, tracks * source.stat().st_size], received  # noqa: ASYNC240 - over
    return took_s, pause_s


def compare(latency_ms: float, pools: list[int], source: Path, tracks: int) -> None:
    """Print a line for each way."""
    total_mb = tracks * source.stat().st_size / 1e6
    print(f"\n{tracks} tracks, {total_mb:.0f} MB, answered after {latency_ms:g} ms:")
    baseline_s = 0.0
    with sink(latency_ms) as url:
        for workers in (None, *pools):
            took_s, pause_s = asyncio.run(measure(url, workers, source, tracks))
            baseline_s = baseline_s or took_s
            name = "one asyncio process" if workers is None else f"pool of {workers}"
            print(
                f"  {name:20} {took_s:6.2f} s  {total_mb / took_s:6.0f} MB/s  "
                f"×{baseline_s / took_s:4.2f}  longest pause {pause_s * 1000:5.1f} ms",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=200)
    parser.add_argument("--size-mb", type=float, default=3.0, help="below 8: one request each")
    parser.add_argument("--pools", type=int, nargs="+", default=[1, 4, 20])
    parser.add_argument("--latency-ms", type=float, nargs="+", default=[0, 30])
    given = parser.parse_args()
    os.environ |= {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}
    with suppress(KeyboardInterrupt), tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "track")
        source.write_bytes(os.urandom(int(given.size_mb * 1e6)))
        for latency_ms in given.latency_ms:
            compare(latency_ms, given.pools, source, given.tracks)


if __name__ == "__main__":
    main()
