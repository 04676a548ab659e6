"""Every call to the disk in a short recording's life fails once, each in every way there is.

    python benchmarks/disk.py [--every 1] [--seeds 1]

A call fails (EIO, ENOSPC), or is where the power is lost: what was not synced is forgotten, all of
it or, by luck, some. Afterwards nothing that was acknowledged may be missing, and nothing may be
left over. `--seeds` asks for several kinds of luck.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from itertools import count
from pathlib import Path

import stamina
import structlog

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from integration.disk_sweep import FAULTS, LIVES, Fault, Life, live_through  # noqa: E402 - found by the path above

_TIMEOUT_S = 60


async def _sweep(life: Life, fault: Fault, every: int) -> tuple[int, list[str]]:
    """Return how many lives were lived, and which promises were broken where."""
    broken: list[str] = []
    for call in count(0, every):
        with tempfile.TemporaryDirectory() as folder:
            try:
                async with asyncio.timeout(_TIMEOUT_S):
                    more = await live_through(Path(folder), life, fault, call)
            except Exception as error:  # noqa: BLE001 - a promise broken, however it shows
                broken.append(f"{life.__name__}, {fault.name}, call {call}: {error!r}")
                more = True
        if not more:
            return call // every + 1, broken
    raise AssertionError("counted to the end")


def _faults(seeds: int) -> list[Fault]:
    lucky = [fault for fault in FAULTS if fault.seed is not None]
    more = [replace(fault, seed=seed) for fault in lucky for seed in range(2, seeds + 1)]
    return [*FAULTS, *more]


async def _main(options: argparse.Namespace) -> int:
    lived, broken, started = Counter[str](), [], time.monotonic()
    for fault in _faults(options.seeds):
        for life in LIVES:
            lives, trouble = await _sweep(life, fault, options.every)
            lived[fault.name] += lives
            broken += trouble
        print(f"{fault.name:45} {lived[fault.name]:6} lives", flush=True)
    print(*broken, sep="\n")
    elapsed_s = time.monotonic() - started
    print(f"{lived.total()} lives, {len(broken)} promises broken, {elapsed_s:.0f} s")
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="of so many calls one fails")
    parser.add_argument("--seeds", type=int, default=1, help="how many kinds of luck")
    return parser.parse_args()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with stamina.set_testing(testing=True, attempts=2):
        sys.exit(asyncio.run(_main(_options())))
