"""SIGKILL at random moments: nothing that was acknowledged is lost, nothing comes twice."""

from __future__ import annotations

from pathlib import Path

from integration.forked import Forks
from integration.killing import Killing

ROUNDS = 25
"""`benchmarks/kill.py --rounds 1000` is the full thing."""


async def test_a_server_killed_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    with Forks(tmp_path) as forks:
        killing = Killing(forks, tmp_path, seed=1)
        for _ in range(ROUNDS):
            await killing.round()
        await killing.settle()
    assert killing.figures.kills.total() == ROUNDS
    assert killing.figures.bytes_kept > 0
