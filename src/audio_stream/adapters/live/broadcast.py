"""A station's time on air: one pass over the listeners hands all of them the same bytes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from audio_stream.adapters.live.listener import Listener
from audio_stream.usecases.ports import Broadcast

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from audio_stream.adapters.live.limits import LiveLimits
    from audio_stream.adapters.live.passes import Passes
    from audio_stream.adapters.live.timer import Timer
    from audio_stream.domain.containers.segments import MediaSegment

_LISTENERS_PER_SLICE = 128
"""Some 1.5 ms: for no longer does a pass hold up requests."""
_FRAME_BYTES = 64 * 1024


class MemoryBroadcast(Broadcast):
    """Keeps what a joiner needs, and the listeners; there is no queue and no task for any."""

    def __init__(
        self,
        *,
        media_type: str,
        initialization: bytes,
        limits: LiveLimits,
        timer: Timer,
        passes: Passes,
        on_audience: Callable[[], None],
    ) -> None:
        self._media_type = media_type
        self.initialization = initialization
        self._limits = limits
        self._timer = timer
        self._passes = passes
        self._on_audience = on_audience
        self._listeners: dict[Listener, None] = {}
        self._converters: set[Listener] = set()
        self._elsewhere = 0
        self._pending: list[MediaSegment] = []
        self._history: deque[MediaSegment] = deque()
        self._history_bytes = 0
        self._first_bytes: tuple[float, bytes] | None = None
        self._pass: Iterator[None] = iter(())
        self._over = False

    @property
    def media_type(self) -> str:
        """The MIME type with codecs of what is sent."""
        return self._media_type

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._over

    @property
    def newest_s(self) -> float | None:
        """When the newest segment that was sent is to be heard; None before the first."""
        return self._history[-1].time_s if self._history else None

    def __len__(self) -> int:
        """Return how many listen, here or to what a converter makes of it."""
        return len(self._listeners) - len(self._converters) + self._elsewhere

    def join(self, transport: asyncio.Transport, *, chunked: bool, backlog_s: float) -> None:
        """Send what came up to the last pass; the listener takes part from the next one."""
        self._admit(transport, chunked=chunked, backlog_s=backlog_s)
        self._on_audience()

    def feed(self, converter: asyncio.Transport, *, backlog_s: float) -> None:
        """Send a converter what a listener would get; it counts for none."""
        listener = self._admit(converter, chunked=False, backlog_s=backlog_s)
        if listener in self._listeners:
            self._converters.add(listener)

    def count_elsewhere(self, listeners: int) -> None:
        """Count those who hear what a converter makes of this."""
        self._elsewhere = listeners
        self._on_audience()

    def relay(self, media_type: str, on_audience: Callable[[], None]) -> MemoryBroadcast:
        """Return a broadcast for what a converter makes of this; it needs no initialization."""
        return MemoryBroadcast(
            media_type=media_type,
            initialization=b"",
            limits=self._limits,
            timer=self._timer,
            passes=self._passes,
            on_audience=on_audience,
        )

    def _admit(self, transport: asyncio.Transport, *, chunked: bool, backlog_s: float) -> Listener:
        now_s = self._timer.monotonic_s()
        listener = Listener(
            transport, chunked=chunked, limits=self._limits, now_s=now_s, on_gone=self._forget
        )
        if self._over:
            listener.finish(self._timer)
            return listener
        self._listeners[listener] = None
        joining = self._joining_bytes(backlog_s)
        if joining:  # an empty chunk would be the last one
            listener.send(_framed(joining)[chunked], now_s)
        return listener

    def add(self, segments: Sequence[MediaSegment]) -> None:
        """Send segments with the next pass; one too large for a listener to hold is left out."""
        limit = self._limits.backlog_bytes
        self._pending.extend(s for s in segments if len(s.data) <= limit)
        if self._pending:
            self._passes.ask_for(self)

    def begin_pass(self) -> Iterator[None]:
        """Return a pass over all listeners with all that is pending; each step is one slice."""
        self._pass = self._serve()
        return self._pass

    def end(self) -> None:
        """Send the rest, then end every listener's place."""
        for _ in self._pass:
            pass
        for _ in self.begin_pass():
            pass
        self._over = True
        for listener in list(self._listeners):
            listener.finish(self._timer)

    def _serve(self) -> Iterator[None]:
        pending, self._pending = self._pending, []
        for segments in _batches(pending):
            self._remember(segments)
            frames = _framed(b"".join(s.data for s in segments))
            listeners = list(self._listeners)
            for start in range(0, len(listeners), _LISTENERS_PER_SLICE):
                if start:
                    yield
                now_s = self._timer.monotonic_s()
                for listener in listeners[start : start + _LISTENERS_PER_SLICE]:
                    listener.send(frames[listener.chunked], now_s)

    def _forget(self, listener: Listener) -> None:
        if listener in self._listeners:
            del self._listeners[listener]
            self._converters.discard(listener)
            self._on_audience()

    def _remember(self, segments: Iterable[MediaSegment]) -> None:
        history = self._history
        self._first_bytes = None
        for segment in segments:
            history.append(segment)
            self._history_bytes += len(segment.data)
            oldest_s = segment.time_s - self._limits.backlog_s
            while self._history_bytes > self._limits.backlog_bytes or history[0].time_s <= oldest_s:
                self._history_bytes -= len(history.popleft().data)

    def _joining_bytes(self, backlog_s: float) -> bytes:
        """Return initialization and backlog; made once for all who join between two passes."""
        if self._first_bytes is None or self._first_bytes[0] != backlog_s:
            self._first_bytes = (backlog_s, self.initialization + self._backlog(backlog_s))
        return self._first_bytes[1]

    def _backlog(self, backlog_s: float) -> bytes:
        newest_s = self._history[-1].time_s if self._history else 0.0
        wanted: list[bytes] = []
        for segment in reversed(self._history):
            if not newest_s - backlog_s < segment.time_s <= newest_s:
                break
            wanted.append(segment.data)
        return b"".join(reversed(wanted))


def _framed(data: bytes) -> tuple[bytes, bytes]:
    """Return the bytes for listeners without and with chunked framing (RFC 9112 §7.1)."""
    return data, b"%x\r\n%b\r\n" % (len(data), data)


def _batches(segments: Sequence[MediaSegment]) -> Iterator[list[MediaSegment]]:
    """Cut a pass into frames that a listener has room for, each of whole segments."""
    batch: list[MediaSegment] = []
    size_bytes = 0
    for segment in segments:
        if batch and size_bytes + len(segment.data) > _FRAME_BYTES:
            yield batch
            batch, size_bytes = [], 0
        batch.append(segment)
        size_bytes += len(segment.data)
    if batch:
        yield batch
