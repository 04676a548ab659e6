"""A connection whose other side reads as much as a test lets it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable


class MemoryTransport(asyncio.Transport):
    """Keeps what was sent. `room` is how much more the other side takes; None: everything."""

    def __init__(self, *, on_write: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.sent = bytearray()
        self.room: int | None = None
        self.aborted = False
        self.lost = False
        self._on_write = on_write
        self._buffer = bytearray()
        self._high = 64 * 1024
        self._low = 16 * 1024
        self._paused = False
        self._closing = False
        self._protocol: asyncio.Protocol | None = None

    def let_read(self, size_bytes: int | None) -> None:
        """Let the other side take that many more bytes (None: all, from now on)."""
        self.room = None if size_bytes is None else (self.room or 0) + size_bytes
        self._flush()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast("asyncio.Protocol", protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        assert self._protocol is not None
        return self._protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = 64 * 1024 if high is None else high
        self._low = self._high // 4 if low is None else low
        self._tell()

    def get_write_buffer_size(self) -> int:
        return len(self._buffer)

    def resume_reading(self) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._on_write is not None:
            self._on_write()
        if not self.lost:
            self._buffer += data
            self._flush()

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True
        self._flush()

    def abort(self) -> None:
        assert not self.lost, "asyncio's transports may fail here"
        self.aborted = self._closing = True
        self._buffer.clear()
        self._flush()

    def _flush(self) -> None:
        taken = len(self._buffer) if self.room is None else min(self.room, len(self._buffer))
        self.sent += self._buffer[:taken]
        del self._buffer[:taken]
        if self.room is not None:
            self.room -= taken
        self._tell()
        if self._closing and not self._buffer and not self.lost:
            self.lost = True
            if self._protocol is not None:
                self._protocol.connection_lost(None)

    def _tell(self) -> None:
        if self._protocol is None:
            return
        if len(self._buffer) > self._high and not self._paused:
            self._paused = True
            self._protocol.pause_writing()
        elif len(self._buffer) <= self._low and self._paused:
            self._paused = False
            self._protocol.resume_writing()
