"""One listener's end of a broadcast."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audio_stream.adapters.live.limits import LiveLimits


class Listener:
    """Takes whole frames as fast as its connection does, and skips those it has no room for.

    While it keeps up, frames go straight to the socket's descriptor: that costs a third less
    than the transport's way. What the socket does not take is the transport's to finish, and
    until it has, the listener is behind.
    """

    __slots__ = (
        "_behind",
        "_descriptor",
        "_progress_s",
        "_queued_bytes",
        "chunked",
        "ended",
        "transport",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        ended: asyncio.Future[None],
        *,
        chunked: bool,
        limits: LiveLimits,
        now_s: float,
    ) -> None:
        self.transport = transport
        self.ended = ended
        self.chunked = chunked
        self._descriptor = _plain_descriptor(transport)
        self._behind = True  # until its first bytes are seen to have left
        self._queued_bytes = 0
        self._progress_s = now_s
        _bound_socket_buffer(transport, limits.socket_buffer_bytes)

    def send(self, frame: bytes, now_s: float, limits: LiveLimits) -> bool:
        """Hand over or skip a frame; return False when the listener is gone or must go."""
        if self.transport.is_closing() or self.ended.done():
            return False
        if self._behind:
            return self._send_behind(frame, now_s, limits)
        try:
            sent = os.write(self._descriptor, frame)
        except BlockingIOError:
            sent = 0
        except OSError:
            return False
        if sent != len(frame):
            self._behind = True
            self._progress_s = now_s
            self._queue(memoryview(frame)[sent:])
        return True

    def _send_behind(self, frame: bytes, now_s: float, limits: LiveLimits) -> bool:
        queued_bytes = self.transport.get_write_buffer_size()
        if queued_bytes < self._queued_bytes or not queued_bytes:
            self._progress_s = now_s
        self._queued_bytes = queued_bytes
        if not queued_bytes and self._descriptor >= 0:
            self._behind = False
            return self.send(frame, now_s, limits)
        if now_s - self._progress_s >= limits.drop_after_s:
            return False
        if queued_bytes + len(frame) <= limits.queued_bytes:
            self._queue(frame)
        return True

    def _queue(self, data: bytes | memoryview) -> None:
        self.transport.write(data)
        self._queued_bytes = self.transport.get_write_buffer_size()


def _plain_descriptor(transport: asyncio.Transport) -> int:
    """Return the descriptor that takes bytes as they are, -1 where only the transport does.

    So it is under TLS, on Windows, and with other event loops, which may hold bytes back
    without telling.
    """
    plain = transport.get_extra_info("sslcontext") is None and os.name == "posix"
    connection = transport.get_extra_info("socket")
    loop = asyncio.get_running_loop()
    if connection is None or not plain or not isinstance(loop, asyncio.SelectorEventLoop):
        return -1
    descriptor: int = connection.fileno()
    return descriptor


def _bound_socket_buffer(transport: asyncio.Transport, size_bytes: int) -> None:
    """Keep the system from buffering megabytes for a listener that does not read."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):  # closed already: the next frame finds out
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size_bytes)
