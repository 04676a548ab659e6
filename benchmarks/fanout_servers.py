"""The servers that benchmarks/fanout.py compares, each on a core of its own."""

from __future__ import annotations

import base64
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, Literal, Self

from fanout_load import compiled, compiler

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_START_S = 20.0
_TUS = {"Tus-Resumable": "1.0.0"}


def pin(part: Literal["server", "load"], pid: int = 0) -> None:
    """Give servers the first core, and everything else the others, where there are two."""
    cores = sorted(os.sched_getaffinity(os.getppid()))
    if len(cores) > 1:
        os.sched_setaffinity(pid, cores[:1] if part == "server" else cores[1:])


def cpu_s(pid: int) -> float:
    """Return the seconds of CPU that a process has used, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def resident_bytes(pid: int) -> int:
    """Return how much memory a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """Return a port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


class Server(ABC):
    """A running server with a source."""

    name: ClassVar[str]
    path: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def missing(cls) -> str | None:
        """Return why this server cannot be measured here, None if it can."""
        return None

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        self._process = self._start()
        pin("server", self._process.pid)
        self._connect_source()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()

    @abstractmethod
    def send(self, data: bytes) -> None:
        """Give it the source's next bytes."""

    @abstractmethod
    def _start(self) -> subprocess.Popen[bytes]:
        """Start it and learn its port."""

    @abstractmethod
    def _connect_source(self) -> None:
        """Make it ready for `send`."""


class Product(Server):
    """`python -m audio_stream`, fed by tus as the recorder does."""

    name = "audio-stream"
    path = "/live/main?backlog=0"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._offset = 0
        self._location = ""
        self._source: http.client.HTTPConnection | None = None

    def _start(self) -> subprocess.Popen[bytes]:
        data_dir = self._folder / "data"
        environment = os.environ | {
            "PORT": "0",
            "AUDIO_STREAM_HOST": "127.0.0.1",
            "AUDIO_STREAM_DATA_DIR": str(data_dir),
            # The source waits for each acknowledgement, and here not for a disk that others use.
            "AUDIO_STREAM_FSYNC": "off",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "audio_stream"], env=environment, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        greeting = process.stdout.readline().decode()
        found = re.search(r":(\d+)/", greeting)
        if found is None:
            sys.exit("audio-stream did not start; its message is above.")
        self.port = int(found[1])
        return process

    def _connect_source(self) -> None:
        self._source = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = _TUS | {"Upload-Defer-Length": "1"}
        self._source.request("POST", "/api/recordings", headers=headers)
        response = self._source.getresponse()
        response.read()
        self._location = response.headers["Location"]

    def send(self, data: bytes) -> None:
        """PATCH it, and wait for the acknowledgement."""
        assert self._source is not None
        headers = _TUS | {
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": str(self._offset),
        }
        self._source.request("PATCH", self._location, data, headers)
        response = self._source.getresponse()
        body = response.read()
        assert response.status == http.HTTPStatus.NO_CONTENT, body
        self._offset += len(data)


class Icecast(Server):
    """Debian's Icecast 2 with its own defaults, but for its limits.

    MP3 is what it was made for: it hands that on as it comes, and does not look into it.
    """

    name = "Icecast MP3"
    path = "/main.mp3"
    _content_type = "audio/mpeg"
    _program = shutil.which("icecast2") or "/usr/bin/icecast2"

    @classmethod
    def missing(cls) -> str | None:
        """Tell whether it is installed."""
        return None if Path(cls._program).exists() else "not installed"

    def _start(self) -> subprocess.Popen[bytes]:
        self.port = free_port()
        folder = self._folder / "icecast"
        folder.mkdir()
        config = folder / "icecast.xml"
        config.write_text(_ICECAST_XML.format(port=self.port, folder=folder))
        # It refuses to run as root.
        account = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        if os.getuid() == 0:
            self._folder.chmod(0o755)
            shutil.chown(folder, "nobody", "nogroup")
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [self._program, "-c", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **(account if os.getuid() == 0 else {}),  # type: ignore[call-overload]
        )
        return process

    def _connect_source(self) -> None:
        deadline_s = time.monotonic() + _START_S
        while True:
            try:
                self._source = socket.create_connection(("127.0.0.1", self.port))
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline_s:
                    sys.exit("Icecast did not start.")
                time.sleep(0.05)
        login = base64.b64encode(b"source:fanout").decode()
        self._source.sendall(
            f"SOURCE {self.path} HTTP/1.0\r\nAuthorization: Basic {login}\r\n"
            f"Content-Type: {self._content_type}\r\n\r\n".encode()
        )
        answer = self._source.recv(4096)
        assert b" 200 " in answer, answer

    def send(self, data: bytes) -> None:
        """Write it to the source's connection."""
        self._source.sendall(data)


class IcecastWebm(Icecast):
    """The same of a format that it understands: it holds each cluster back until it is whole."""

    name = "Icecast WebM"
    path = "/main.webm"
    _content_type = "audio/webm"


class Floor(Server):
    """fanout_floor.c: sockets and nothing else."""

    name = "C floor"
    path = "/"

    @classmethod
    def missing(cls) -> str | None:
        """Tell whether it can be compiled."""
        return None if compiler() else "no C compiler (cc)"

    def _start(self) -> subprocess.Popen[bytes]:
        program = compiled("fanout_floor", self._folder)
        process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert process.stdout is not None
        self.port = int(process.stdout.readline())
        return process

    def _connect_source(self) -> None:
        pass  # its standard input is its source

    def send(self, data: bytes) -> None:
        """Write it to its standard input."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(data)


_ICECAST_XML = """<icecast>
  <limits>
    <clients>60000</clients>
    <sources>2</sources>
    <queue-size>524288</queue-size>
    <client-timeout>30</client-timeout>
    <header-timeout>15</header-timeout>
    <source-timeout>10</source-timeout>
    <burst-on-connect>1</burst-on-connect>
    <burst-size>65535</burst-size>
  </limits>
  <authentication>
    <source-password>fanout</source-password>
    <admin-user>admin</admin-user>
    <admin-password>fanout</admin-password>
  </authentication>
  <hostname>localhost</hostname>
  <listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <fileserve>0</fileserve>
  <paths>
    <logdir>{folder}</logdir>
    <webroot>/usr/share/icecast2/web</webroot>
    <adminroot>/usr/share/icecast2/admin</adminroot>
  </paths>
  <logging>
    <accesslog>access.log</accesslog>
    <errorlog>error.log</errorlog>
    <loglevel>1</loglevel>
  </logging>
</icecast>
"""
