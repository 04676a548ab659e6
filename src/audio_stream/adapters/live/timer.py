"""What the live feed does later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audio_stream.usecases.ports import Clock

CallLater = Callable[[float, Callable[[], object]], object]
"""Takes seconds from now and what to call then, as `asyncio.loop.call_later` does."""


class Timer:
    """A clock and the timers that go by it: the event loop's, if no others are given."""

    def __init__(self, clock: Clock, call_later: CallLater | None = None) -> None:
        self.monotonic_s = clock.monotonic_s
        real = call_later is None
        self.loop_s = time.monotonic if real else clock.monotonic_s
        """The time that `call_later` goes by."""
        self.worked_s = time.thread_time if real else clock.monotonic_s
        """How long this thread has been at work: less than has passed where others work too."""
        self._call_later = call_later

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> None:
        """Call back once, `delay_s` from now."""
        (self._call_later or asyncio.get_running_loop().call_later)(delay_s, callback)
