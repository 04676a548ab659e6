"""When passes run: at once while they are cheap, further apart as the audience grows."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio_stream.adapters.live.broadcast import MemoryBroadcast
    from audio_stream.adapters.live.timer import Timer

_SPACING = 2.0
"""A pass begins no earlier than this many times the last one's work after that one began."""


class Passes:
    """Runs the passes of all broadcasts so that together they use at most half of a core."""

    def __init__(self, timer: Timer) -> None:
        self._timer = timer
        self._asking: dict[MemoryBroadcast, None] = {}
        self._slices: Iterator[None] | None = None
        self._began_s = 0.0
        self._worked_s = 0.0
        self._not_before_s = float("-inf")
        self._waiting = False

    def ask_for(self, broadcast: MemoryBroadcast) -> None:
        """See to it that what is pending leaves: now if that is allowed, else soon."""
        self._asking[broadcast] = None
        if not self._waiting:
            self._go_on()

    def _go_on(self) -> None:
        """Run a slice; requests have their turn before the next."""
        self._waiting = False
        now_s = self._timer.loop_s()
        if self._slices is None:
            if now_s < self._not_before_s:
                self._go_on_in(self._not_before_s - now_s)
                return
            asking, self._asking = self._asking, {}
            self._slices = chain.from_iterable(b.begin_pass() for b in asking)
            self._began_s, self._worked_s = now_s, 0.0
        worked_s = self._timer.worked_s()
        unfinished = next(self._slices, _END) is not _END
        self._worked_s += self._timer.worked_s() - worked_s
        if unfinished:
            self._go_on_in(0.0)
            return
        self._slices = None
        self._not_before_s = self._began_s + _SPACING * self._worked_s
        if self._asking:
            self._go_on_in(self._not_before_s - self._timer.loop_s())

    def _go_on_in(self, delay_s: float) -> None:
        self._waiting = True
        self._timer.call_later(max(0.0, delay_s), self._go_on)


_END = object()
