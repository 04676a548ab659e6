"""How fast recordings are acknowledged, and what each costs, however many come at once.

    python benchmarks/ingest.py [--recordings 1,10,100,500] [--every-ms 100,20] [--fsync always]

Each recording brings 64 kbit/s of live WebM, and sends what has come since its last request, one
request in flight. The server has a core to itself, the sources another. Beside it stands the
floor: as many files that grow and are synced at the same pace, without a server. `--limit` looks
for the number of recordings at which the 99th percentile passes 250 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fanout_servers import cpu_s, pin
from ingest_load import Delays, Source, keep_pace

LATE_MS = 250.0
_WARM_UP_S = 1.0
_FLOOR = Path(__file__).with_name("ingest_floor.py")


@dataclass(frozen=True)
class Result:
    """What one server did for so many recordings."""

    name: str
    recordings: int
    every_ms: int
    median_ms: float
    p99_ms: float
    core_per_recording: float
    """Share of a core."""


@contextmanager
def _serving(folder: Path, fsync: str, recordings: int) -> Iterator[tuple[int, int]]:
    """Give process and port of a server on an empty folder."""
    options = ("--port", "0", "--host", "127.0.0.1", "--data-dir", str(folder / "data"))
    limits = ("--max-open-recordings", str(recordings + 1), "--fsync", fsync)
    process = subprocess.Popen(
        [sys.executable, "-m", "audio_stream", *options, *limits],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"localhost:(\d+)/", process.stdout.readline())
        assert found, "audio-stream did not start; its message is above."
        pin("server", process.pid)
        yield process.pid, int(found[1])
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


async def _record(
    pid: int, port: int, recordings: int, every_s: float, options: argparse.Namespace
) -> tuple[Delays, float]:
    """Return the delays, and the CPU seconds that the server used meanwhile."""
    sources = [
        await Source.begin(port, number, options.bitrate_bps) for number in range(recordings)
    ]
    warming, delays = Delays(), Delays()

    async def run(into: Delays, seconds: float) -> None:
        await asyncio.gather(
            *(
                keep_pace(
                    source.record_until,
                    every_s,
                    seconds,
                    phase_s=every_s * number / recordings,
                    delays=into,
                )
                for number, source in enumerate(sources)
            )
        )

    await run(warming, _WARM_UP_S)
    began_s = cpu_s(pid)
    await run(delays, options.seconds)
    used_s = cpu_s(pid) - began_s
    await asyncio.gather(*(source.close() for source in sources))
    return delays, used_s


def _measure(fsync: str, recordings: int, every_ms: int, options: argparse.Namespace) -> Result:
    with (
        tempfile.TemporaryDirectory(prefix="ingest-", dir=options.folder) as folder,
        _serving(Path(folder), fsync, recordings) as (pid, port),
    ):
        delays, used_s = asyncio.run(_record(pid, port, recordings, every_ms / 1000, options))
    return Result(
        name=f"audio-stream, fsync {fsync}",
        recordings=recordings,
        every_ms=every_ms,
        median_ms=delays.quantile(0.5),
        p99_ms=delays.quantile(0.99),
        core_per_recording=used_s / options.seconds / recordings,
    )


def _measure_floor(
    fsync: str, recordings: int, every_ms: int, options: argparse.Namespace
) -> Result:
    sync = "sync" if fsync == "always" else "write"
    with tempfile.TemporaryDirectory(prefix="ingest-", dir=options.folder) as folder:
        arguments = (folder, recordings, every_ms / 1000, options.seconds, sync)
        floor = subprocess.run(
            [sys.executable, _FLOOR, *map(str, arguments), str(options.bitrate_bps)],
            capture_output=True,
            text=True,
            check=True,
        )
    median_ms, p99_ms, used_s = map(float, floor.stdout.split())
    return Result(
        name="write and fdatasync" if sync == "sync" else "write",
        recordings=recordings,
        every_ms=every_ms,
        median_ms=median_ms,
        p99_ms=p99_ms,
        core_per_recording=used_s / options.seconds / recordings,
    )


def _print(result: Result) -> None:
    print(
        f"| {result.name} | {result.every_ms} | {result.recordings} | {result.median_ms:.1f} | "
        f"{result.p99_ms:.1f} | {100 * result.core_per_recording:.2f} |",
        flush=True,
    )


def _look_for_limit(fsync: str, every_ms: int, options: argparse.Namespace) -> None:
    """Print the smallest number, to a tenth or so, at which acknowledgements are late.

    Late once may be a hiccup of the disk: late is what is late twice.
    """
    fine, late = 0, None
    recordings = 20
    while late is None or late - fine > max(5, fine // 10):
        for _ in range(2):
            result = _measure(fsync, recordings, every_ms, options)
            _print(result)
            if result.p99_ms <= LATE_MS:
                fine = recordings
                break
        else:
            late = recordings
        recordings = 2 * fine if late is None else (fine + late) // 2
    print(f"fsync {fsync}, every {every_ms} ms: late from about {late} recordings on")


def main() -> None:
    """Print a table in Markdown."""
    options = _options()
    pin("load")
    print("| what | ms between requests | recordings | median ms | p99 ms | % of a core each |")
    print("|---|---|---|---|---|---|")
    for every_ms in options.every_ms:
        for fsync in options.fsync:
            if options.limit:
                _look_for_limit(fsync, every_ms, options)
                continue
            for recordings in options.recordings:
                _print(_measure(fsync, recordings, every_ms, options))
                if fsync != "interval":
                    _print(_measure_floor(fsync, recordings, every_ms, options))


def _options() -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return [int(number) for number in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=numbers, default=[1, 10, 100, 500])
    parser.add_argument("--every-ms", type=numbers, default=[100, 20])
    parser.add_argument(
        "--fsync",
        type=lambda text: text.split(","),
        default=["always", "interval", "off"],
        help="the modes of AUDIO_STREAM_FSYNC",
    )
    parser.add_argument("--seconds", type=float, default=10, help="how long to measure")
    parser.add_argument("--bitrate-bps", type=int, default=64_000)
    parser.add_argument("--limit", action="store_true", help="look for the limit instead")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
