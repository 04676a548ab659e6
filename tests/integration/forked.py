"""The product as processes of its own that start in no time: see `forking.py`."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Ended:
    """What became of a command."""

    code: int
    """Negative: the signal that ended it."""
    stdout: str
    stderr: str


class Forked:
    """One process, the pipe that it speaks into, and the file of its complaints."""

    def __init__(self, forks: Forks, pid: int, reading: int, complaints: Path) -> None:
        self._forks = forks
        self._reading = reading
        self._complaints = complaints
        self._stdout = b""
        self.pid = pid
        self.address = ""

    @property
    def complaints(self) -> str:
        """What it wrote to standard error so far."""
        return self._complaints.read_text(encoding="utf-8")

    def wait_for_address(self) -> None:
        """Return once it serves. Raises AssertionError if it ends instead."""
        while not (match := re.search(rb"localhost:(\d+)/record", self._stdout)):
            piece = os.read(self._reading, 4096)
            assert piece, f"it ended before it served: {self.complaints}"
            self._stdout += piece
        self.address = f"http://127.0.0.1:{int(match[1])}"

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def wait(self) -> Ended:
        """Return how it ended, when it has."""
        code = self._forks.ask({"wait": self.pid})
        self._forks.forget(self)
        while piece := os.read(self._reading, 65536):
            self._stdout += piece
        os.close(self._reading)
        return Ended(code, self._stdout.decode(), self.complaints)

    def kill(self) -> Ended:
        """End it at once, as a power switch would, but for what the system still writes."""
        self.send(signal.SIGKILL)
        return self.wait()


class Forks:
    """Starts processes of the product; `with` ends those that are left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left: list[Forked] = []
        self._started = 0

    def __enter__(self) -> Self:
        ours, theirs = socket.socketpair()
        script = Path(__file__).with_name("forking.py")
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, script, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._channel = ours
        return self

    def __exit__(self, *_: object) -> None:
        for forked in list(self._left):
            with suppress(ProcessLookupError):
                forked.kill()
        self._channel.close()
        self._process.wait(30)

    def start(
        self, *arguments: str, environment: Mapping[str, str] = _NOTHING, folder: Path | None = None
    ) -> Forked:
        """Start the command line with these arguments."""
        self._started += 1
        complaints = self._folder / f"complaints-{self._started}"
        reading, writing = os.pipe()
        with complaints.open("wb") as errors:
            pid = self.ask(
                {
                    "arguments": arguments,
                    "environment": dict(environment),
                    "folder": str(folder or self._folder),
                },
                [writing, errors.fileno()],
            )
        os.close(writing)
        forked = Forked(self, pid, reading, complaints)
        self._left.append(forked)
        return forked

    @contextmanager
    def serving(self, data_dir: Path, *arguments: str) -> Iterator[Forked]:
        """Give a server on a data folder that is told to end in the end, and must do so."""
        server = self.serve(data_dir, *arguments)
        yield server
        server.send(signal.SIGTERM)
        assert server.wait().code == 0

    def serve(self, data_dir: Path, *arguments: str) -> Forked:
        """Start a server on a data folder; return when it serves."""
        options = ("--port", "0", "--host", "127.0.0.1", "--data-dir", str(data_dir))
        server = self.start(*options, *arguments)
        server.wait_for_address()
        return server

    def run(self, *arguments: str) -> Ended:
        """Run a command to its end."""
        return self.start(*arguments).wait()

    def ask(self, request: Mapping[str, Any], descriptors: list[int] | None = None) -> int:
        """Return what the forking process answers."""
        socket.send_fds(self._channel, [json.dumps(request).encode()], descriptors or [])
        answer: int = json.loads(self._channel.recv(4096))
        return answer

    def forget(self, forked: Forked) -> None:
        """Strike one that has ended off the list."""
        self._left.remove(forked)
