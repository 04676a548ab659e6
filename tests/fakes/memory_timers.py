"""Timers that go off when a test lets time pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.memory_clock import MemoryClock

if TYPE_CHECKING:
    from collections.abc import Callable


class MemoryTimers(MemoryClock):
    """A clock whose timers stand for the event loop's."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0

    @property
    def waiting(self) -> int:
        """How many have not gone off yet."""
        return len(self._waiting)

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> None:
        """Call back once that time has passed."""
        self._count += 1
        self._waiting.append((self.monotonic_s() + delay_s, self._count, callback))

    def let_pass(self, seconds: float) -> None:
        """Let time pass, each timer going off at its own moment."""
        until_s = self.monotonic_s() + seconds
        while self._waiting and min(self._waiting)[0] <= until_s:
            due = min(self._waiting)
            self._waiting.remove(due)
            self.advance(max(0.0, due[0] - self.monotonic_s()))
            due[2]()
        self.advance(max(0.0, until_s - self.monotonic_s()))
