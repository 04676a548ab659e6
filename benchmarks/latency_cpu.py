"""How much processor a program takes, with every process that it started."""

from __future__ import annotations

import os
import time
from pathlib import Path

from fanout_servers import cpu_s


def pids_of(word: str) -> set[int]:
    """Return the processes with a word on their command line, and all that they started."""
    found, parents = set(), {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pid = int(folder.name)
        parents[pid] = int(fields[1])
        if any(word.encode() in each for each in words) and pid != os.getpid():
            found.add(pid)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


class Meter:
    """Counts from now on what programs take, each known by a word on its command line."""

    def __init__(self, **words: str) -> None:
        self._pids = {name: pids_of(word) for name, word in words.items()}
        self._before = {name: _cpu_s(pids) for name, pids in self._pids.items()}
        self._since = time.monotonic()

    def shares(self) -> dict[str, float]:
        """Return the share of a core that each has taken since."""
        passed = time.monotonic() - self._since
        return {
            name: (_cpu_s(pids) - self._before[name]) / passed for name, pids in self._pids.items()
        }


def _cpu_s(pids: set[int]) -> float:
    total = 0.0
    for pid in pids:
        try:
            total += cpu_s(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total
