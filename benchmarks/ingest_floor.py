"""The floor under benchmarks/ingest.py: files that grow at the same pace, and nothing else."""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from ingest_load import Delays, Sound, keep_pace

_THREADS = 16


def append_and_sync(descriptor: int, data: bytes, *, sync: bool) -> None:
    """Do what an acknowledgement promises."""
    os.write(descriptor, data)
    if sync:
        os.fdatasync(descriptor)


async def measure(
    folder: Path, recordings: int, every_s: float, seconds: float, *, sync: bool, bitrate_bps: int
) -> Delays:
    """Return the delays of appends to so many files at once."""
    delays = Delays()
    loop = asyncio.get_running_loop()
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    descriptors = [os.open(folder / f"{number}.audio", flags) for number in range(recordings)]
    with ThreadPoolExecutor(_THREADS) as threads:

        async def append(descriptor: int, sound: Sound, elapsed_s: float) -> None:
            data = sound.until(elapsed_s)
            work = partial(append_and_sync, descriptor, data, sync=sync)
            await loop.run_in_executor(threads, work)

        await asyncio.gather(
            *(
                keep_pace(
                    partial(append, descriptor, Sound(bitrate_bps)),
                    every_s,
                    seconds,
                    phase_s=every_s * number / recordings,
                    delays=delays,
                )
                for number, descriptor in enumerate(descriptors)
            )
        )
    for descriptor in descriptors:
        os.close(descriptor)
    return delays


def main() -> None:
    """Print median, 99th percentile, and the CPU that it took: run by ingest.py."""
    folder, recordings, every_s, seconds, sync, bitrate_bps = sys.argv[1:]
    began = sum(os.times()[:2])
    delays = asyncio.run(
        measure(
            Path(folder),
            int(recordings),
            float(every_s),
            float(seconds),
            sync=sync == "sync",
            bitrate_bps=int(bitrate_bps),
        )
    )
    used_s = sum(os.times()[:2]) - began
    print(delays.quantile(0.5), delays.quantile(0.99), used_s)


if __name__ == "__main__":
    main()
