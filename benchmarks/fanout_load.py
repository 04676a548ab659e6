"""Thousands of listeners in one process: a C program where there is a compiler."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from fanout_servers import Server

HERE = Path(__file__).parent


def compiler() -> str | None:
    """Return the path of the C compiler, if there is one."""
    return shutil.which("cc")


def compiled(name: str, folder: Path) -> str:
    """Return the path of the C program beside this file, compiled into `folder`."""
    program = folder / name
    if not program.exists():
        command = [compiler() or "cc", "-O2", "-o", str(program), str(HERE / f"{name}.c")]
        subprocess.run(command, check=True)
    return str(program)


@dataclass(frozen=True)
class Heard:
    """What came to all listeners together, of the segments made in some time."""

    segments: int
    median_ms: float
    p99_ms: float
    connected: int


class Load:
    """Listeners of one server; all have joined once it is entered."""

    def __init__(self, folder: Path, server: Server, listeners: int, per_second: float) -> None:
        if compiler() is None:
            program = [sys.executable, str(HERE / "load_listeners.py")]
        else:
            program = [compiled("load_listeners", folder)]
        command = [*program, str(server.port), server.path, str(listeners), str(per_second)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.join_median_ms = 0.0
        self.join_p99_ms = 0.0
        self.refused = 0
        self.joining_ns = 0
        self.joined_ns = 0

    def __enter__(self) -> Self:
        _ready, median_ms, p99_ms, refused, joining_ns, joined_ns = self._read()
        self.join_median_ms, self.join_p99_ms = float(median_ms), float(p99_ms)
        self.refused = int(refused)
        self.joining_ns, self.joined_ns = int(joining_ns), int(joined_ns)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def heard(self, from_ns: int, to_ns: int) -> Heard:
        """Ask what came of the segments made in that time."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{from_ns} {to_ns}\n")
        self._process.stdin.flush()
        segments, median_ms, p99_ms, connected = self._read()
        return Heard(int(segments), float(median_ms), float(p99_ms), int(connected))

    def _read(self) -> list[str]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit("The listeners' program ended: are there enough file descriptors?")
        return line.split()
