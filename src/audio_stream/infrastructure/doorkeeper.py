"""Who has been let in and asks nothing, or does not take what it asked for, has to leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from aiohttp import StreamReader, web
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.http import RawRequestMessage
    from aiohttp.web_protocol import RequestHandler

    from audio_stream.adapters.live.timer import Timer

_LOOKS_PER_DEADLINE = 4
_LONGEST_LOOK_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """For how long the server waits for a connection, and for how many at once."""

    headers_s: float = 15.0
    """Until the first request's headers are complete, however they trickle in."""
    taking_s: float = 60.0
    """While nothing is taken of an answer. A live stream's listeners have a deadline of their
    own, and so has the time between two requests: aiohttp's `keepalive_timeout`."""
    silent_connections: int = 512
    """So many may wait for their first headers; beyond that the oldest has to leave."""


class Doorkeeper:
    """Makes a server's connections, and keeps the deadlines that aiohttp has none for."""

    def __init__(self, server: web.Server, patience: Patience, timer: Timer) -> None:
        self._server = server
        self._patience = patience
        self._timer = timer
        self._silent: dict[RequestHandler, float] = {}
        """Since when, the oldest first."""
        self._untaken: dict[RequestHandler, tuple[int, float]] = {}
        """How many bytes wait to be taken, and since when it is so many."""
        self._request_of = server.request_factory
        server.request_factory = self._asked
        shortest_s = min(patience.headers_s, patience.taking_s)
        self._look_every_s = min(shortest_s / _LOOKS_PER_DEADLINE, _LONGEST_LOOK_S)
        self._is_closed = False
        timer.call_later(self._look_every_s, self._look)

    def let_in(self) -> RequestHandler:
        """Return the protocol for a new connection."""
        connection = self._server()
        self._silent[connection] = self._timer.loop_s()
        if len(self._silent) > self._patience.silent_connections:
            self._send_away_oldest()
        return connection

    def close(self) -> None:
        """Look no more."""
        self._is_closed = True

    def _asked(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        connection: RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        """Make a request: all of its headers have come."""
        self._silent.pop(connection, None)
        return self._request_of(message, payload, connection, writer, task)

    def _look(self) -> None:
        if self._is_closed:
            return
        now_s = self._timer.loop_s()
        too_long_ago_s = now_s - self._patience.headers_s
        while self._silent and next(iter(self._silent.values())) <= too_long_ago_s:
            self._send_away_oldest()
        self._untaken = dict(self._look_at_untaken(now_s))
        self._timer.call_later(self._look_every_s, self._look)

    def _look_at_untaken(self, now_s: float) -> Iterator[tuple[RequestHandler, tuple[int, float]]]:
        for connection in self._server.connections:
            transport = connection.transport
            waiting_bytes = 0 if transport is None else transport.get_write_buffer_size()
            if transport is None or waiting_bytes == 0:
                continue
            before_bytes, since_s = self._untaken.get(connection, (0, now_s))
            if before_bytes != waiting_bytes:
                since_s = now_s
            elif now_s - since_s >= self._patience.taking_s:
                transport.abort()
                continue
            yield connection, (waiting_bytes, since_s)

    def _send_away_oldest(self) -> None:
        connection = next(iter(self._silent))
        del self._silent[connection]
        if connection.transport is not None:
            connection.transport.abort()
