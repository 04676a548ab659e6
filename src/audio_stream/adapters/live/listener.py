"""One listener's end of a broadcast."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_stream.adapters.live.limits import LiveLimits
    from audio_stream.adapters.live.timer import Timer

_LAST_CHUNK = b"0\r\n\r\n"
_FINISH_WITHIN_S = 5.0


class Listener(asyncio.Protocol):
    """Takes whole frames as fast as its connection does, and skips those it has no room for.

    While it keeps up, frames go straight to the socket's descriptor: that costs less than the
    transport's way. What the socket does not take is the transport's to finish, and until it
    has, the listener is behind. It is the connection's protocol, so it learns at once when the
    other side is gone; whatever comes from there is ignored.
    """

    __slots__ = (
        "_behind",
        "_descriptor",
        "_gone",
        "_limits",
        "_on_gone",
        "_progress_s",
        "_queued_bytes",
        "_transport",
        "chunked",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        *,
        chunked: bool,
        limits: LiveLimits,
        now_s: float,
        on_gone: Callable[[Listener], None],
    ) -> None:
        self.chunked = chunked
        self._transport = transport
        self._limits = limits
        self._on_gone = on_gone
        self._descriptor = _plain_descriptor(transport)
        self._behind = False
        self._gone = False
        self._queued_bytes = 0
        self._progress_s = now_s
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=0)  # so that we hear of every byte left behind
        transport.resume_reading()  # or the other side's going could not be seen
        _bound_socket_buffer(transport, limits.socket_buffer_bytes)

    def send(self, frame: bytes, now_s: float) -> None:
        """Hand over a frame, or skip it; disconnect who has taken nothing for too long."""
        if self._behind:
            self._send_behind(frame, now_s)
            return
        sent = 0
        if self._descriptor >= 0:
            try:
                sent = os.write(self._descriptor, frame)
            except BlockingIOError:
                pass
            except OSError:
                self._transport.abort()
                return
            if sent == len(frame):
                return
        self._progress_s = now_s
        self._transport.write(memoryview(frame)[sent:])
        self._queued_bytes = self._transport.get_write_buffer_size()

    def finish(self, timer: Timer) -> None:
        """Write the end and close the connection once all is sent, or soon without that."""
        transport = self._transport
        if transport.is_closing():
            return
        if self.chunked:
            transport.write(_LAST_CHUNK)
        transport.close()
        if transport.get_write_buffer_size():
            timer.call_later(_FINISH_WITHIN_S, self._give_up)

    def pause_writing(self) -> None:
        """Learn that the socket has not taken everything."""
        self._behind = True

    def resume_writing(self) -> None:
        """Learn that it has."""
        self._behind = False

    def eof_received(self) -> None:
        """Learn that the other side wants no more, and let what waits for it go."""
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Learn that the listener is gone: its descriptor may soon be another's."""
        del exc
        self._descriptor = -1
        self._behind = self._gone = True
        self._on_gone(self)

    def _give_up(self) -> None:
        if not self._gone:  # asyncio fails at aborting what it has closed after a last write
            self._transport.abort()

    def _send_behind(self, frame: bytes, now_s: float) -> None:
        transport = self._transport
        if transport.is_closing():
            return
        queued_bytes = transport.get_write_buffer_size()
        if queued_bytes < self._queued_bytes:
            self._progress_s = now_s
        elif now_s - self._progress_s >= self._limits.drop_after_s:
            transport.abort()
            return
        if queued_bytes + len(frame) <= self._limits.queued_bytes:
            transport.write(frame)
        self._queued_bytes = transport.get_write_buffer_size()


def _plain_descriptor(transport: asyncio.Transport) -> int:
    """Return the descriptor that takes bytes as they are, -1 where only the transport does.

    So it is under TLS, on Windows, where something stands before the transport that adds to the
    bytes, and with other event loops, which may hold bytes back without telling.
    """
    connection = transport.get_extra_info("socket")
    framed = transport.get_extra_info("sslcontext") or transport.get_extra_info("inner_transport")
    if connection is None or framed or os.name != "posix":
        return -1
    if not isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop):
        return -1
    descriptor: int = connection.fileno()
    return descriptor


def _bound_socket_buffer(transport: asyncio.Transport, size_bytes: int) -> None:
    """Keep the system from buffering megabytes for a listener that does not read."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with suppress(OSError):  # gone already, which the transport is about to tell
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size_bytes)
