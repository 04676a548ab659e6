"""The computer's own clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from audio_stream.usecases.ports import Clock


class SystemClock(Clock):
    """What time it is, really."""

    def now(self) -> datetime:
        """Return the wall clock's time in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Return seconds since some moment."""
        return time.monotonic()
