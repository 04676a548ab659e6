"""The server killed at random moments, a thousand times: what is lost must be nothing.

    python benchmarks/kill.py [--rounds 1000] [--seed 1] [--settle-every 50]

Sources send recordings to the real server, which is killed (SIGKILL) while they send, finish, and
while their tracks are made and stored; each goes on where the next server says. Now and then all
of them may finish, and every spool file, track and packet is compared with what was sent.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from integration.forked import Forks  # noqa: E402 - found by the path above
from integration.killing import Figures, Killing  # noqa: E402 - found by the path above


async def _main(options: argparse.Namespace) -> None:
    started, figures = time.monotonic(), Figures()
    with tempfile.TemporaryDirectory() as root, Forks(Path(root)) as forks:
        for first in range(0, options.rounds, options.settle_every):
            rounds = min(options.settle_every, options.rounds - first)
            folder = Path(root, str(first))
            await asyncio.to_thread(folder.mkdir)
            killing = Killing(forks, folder, seed=options.seed + first)
            for _ in range(rounds):
                await killing.round()
            await killing.settle()
            figures.add(killing.figures)
            print(f"{first + rounds:5} kills, {time.monotonic() - started:6.0f} s", flush=True)
    for moment, kills in sorted(figures.kills.items()):
        print(f"killed while {moment:12} {kills:5}")
    print(f"{figures.recordings} recordings, {figures.acknowledgements} acknowledged chunks")
    print(f"{figures.bytes_kept} bytes compared: nothing lost, nothing twice")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000, help="how many kills")
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    parser.add_argument("--settle-every", type=int, default=50, help="kills between comparisons")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_main(_options()))
