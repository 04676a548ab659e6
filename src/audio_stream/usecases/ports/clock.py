"""The time, as the use cases need it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """What time it is."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the wall clock's time, aware, in UTC."""

    @abstractmethod
    def monotonic_s(self) -> float:
        """Return seconds that never go backwards, from an arbitrary start."""
