"""The program as it runs closes connections that keep it waiting, or that speak no HTTP."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from integration.forked import Forks

if TYPE_CHECKING:
    from pathlib import Path

SHORT = ("--header-timeout-s", "1.5", "--idle-timeout-s", "1.5")
GIVE_UP_S = 20
UNFINISHED = b"GET /api/stations HTTP/1.1\r\nHost: a\r\n"


def until_closed(address: tuple[str, int], sent: bytes) -> bytes:
    """Return what is answered until the server closes the connection, which we never do."""
    answer = b""
    with socket.create_connection(address, timeout=GIVE_UP_S) as connection:
        connection.sendall(sent)
        try:
            while piece := connection.recv(4096):
                answer += piece
        except ConnectionResetError:
            pass
    return answer


def test_silence_slow_headers_and_idling_end_by_their_deadlines(tmp_path: Path) -> None:
    with Forks(tmp_path) as forks, forks.serving(tmp_path / "data", *SHORT) as server:
        parts = urlsplit(server.address)
        address = (parts.hostname or "", parts.port or 0)
        assert until_closed(address, b"") == b""
        assert until_closed(address, UNFINISHED) == b""
        assert until_closed(address, UNFINISHED + b"\r\n").startswith(b"HTTP/1.1 200 ")
        assert b" 400 " in until_closed(address, UNFINISHED + b"Nonsense\r\n\r\n")
        assert "Traceback" not in server.complaints
