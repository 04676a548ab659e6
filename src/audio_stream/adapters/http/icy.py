"""Titles inside a stream of MP3, as SHOUTcast and Icecast send them: the ICY protocol.

There is no standard. What players agree on: after each `icy-metaint` bytes of sound one byte
tells the length of what follows in units of 16, and what follows is `StreamTitle='…';`, filled
up with NUL. A length of 0 says that nothing has changed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

METAINT_BYTES = 16_000
"""How much sound comes between two titles: a second at 128 kbit/s."""
_UNIT_BYTES = 16


def wants_titles(request: web.Request) -> bool:
    """Tell whether the player asks for titles between the sound."""
    return request.headers.get("Icy-MetaData", "").strip() == "1"


class IcyResponse(web.StreamResponse):
    """Has no chunked framing, which Icecast's has not either and old players do not expect."""

    _length_check = False

    def __init__(self, *, name: str, **keywords: Any) -> None:  # noqa: ANN401 - as its parent's
        super().__init__(**keywords)
        self.headers["icy-name"] = name
        self.headers["icy-metaint"] = str(METAINT_BYTES)


class IcyTransport(asyncio.Transport):
    """Puts titles between the sound that passes through it to a listener's connection."""

    def __init__(self, connection: asyncio.Transport, title: Callable[[], str]) -> None:
        super().__init__()
        self._connection = connection
        self._title = title
        self._told: bytes | None = None
        self._until_title_bytes = METAINT_BYTES

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send sound, and a title wherever one is due."""
        parts: list[bytes] = []
        rest = memoryview(data)
        while len(rest) >= self._until_title_bytes:
            parts += (bytes(rest[: self._until_title_bytes]), self._next_block())
            rest = rest[self._until_title_bytes :]
            self._until_title_bytes = METAINT_BYTES
        self._until_title_bytes -= len(rest)
        self._connection.write(b"".join((*parts, rest)))

    def _next_block(self) -> bytes:
        block = title_block(self._title())
        if block == self._told:
            return b"\0"
        self._told = block
        return block

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as its parent's
        """Tell of the connection; `inner_transport` says that bytes must not go past us."""
        if name == "inner_transport":
            return self._connection
        return self._connection.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Have the connection tell `protocol` what becomes of it."""
        self._connection.set_protocol(protocol)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set the connection's."""
        self._connection.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """Return the connection's."""
        return self._connection.get_write_buffer_size()

    def resume_reading(self) -> None:
        """Let the connection hear the other side."""
        self._connection.resume_reading()

    def is_closing(self) -> bool:
        """Tell whether the connection is."""
        return self._connection.is_closing()

    def close(self) -> None:
        """Close the connection once all is sent."""
        self._connection.close()

    def abort(self) -> None:
        """Close the connection at once."""
        self._connection.abort()


def title_block(title: str) -> bytes:
    """Return the length and what follows; a quote in the title would end it, and is replaced."""
    quoted = title.replace("'", "’")
    text = f"StreamTitle='{quoted}';".encode()
    units = -(-len(text) // _UNIT_BYTES)
    return bytes([units]) + text.ljust(units * _UNIT_BYTES, b"\0")
