"""The live feeds keep their contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.live.memory_live_feed import MemoryLiveFeed
from contracts.live_feed_contract import MAIN, LiveFeedContract

if TYPE_CHECKING:
    from audio_stream.usecases.ports import LiveFeed
    from fakes.memory_events import MemoryEvents
    from fakes.memory_timers import MemoryTimers


class TestMemoryLiveFeed(LiveFeedContract):
    @pytest.fixture
    def feed(self, events: MemoryEvents, timers: MemoryTimers) -> LiveFeed:
        return MemoryLiveFeed(
            default_station=MAIN, events=events, clock=timers, call_later=timers.call_later
        )
