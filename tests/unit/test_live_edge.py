"""The live edge, by what happens to sources."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from audio_stream.domain.live_edge import LiveEdge

PACKET_S = 0.02


@dataclass
class Source:
    """A recorder whose packets come when a test lets them."""

    edge: LiveEdge = field(default_factory=LiveEdge)
    now_s: float = 5000.0
    time_s: float = 0.0
    clock_rate: float = 1.0
    packet_s: float = PACKET_S
    unsent: list[float] = field(default_factory=list)
    heard: list[float] = field(default_factory=list)

    def record(self, seconds: float) -> None:
        """Let time pass; nothing is sent."""
        for _ in range(round(seconds / self.packet_s)):
            self.now_s += self.packet_s
            self.unsent.append(self.time_s)
            self.time_s += self.packet_s * self.clock_rate

    def send(self, seconds: float | None = None) -> int:
        """Send what waits, or its first seconds; return how many packets were published."""
        count = len(self.unsent) if seconds is None else round(seconds / self.packet_s)
        sent, self.unsent = self.unsent[:count], self.unsent[count:]
        published = [t for t in sent if self.edge.is_at_edge(t, self.now_s)]
        self.heard += published
        return len(published)

    def run(self, seconds: float, every_s: float = 0.04) -> None:
        """Record and send as a source on a good network does."""
        for _ in range(round(seconds / every_s)):
            self.record(every_s)
            self.send()

    def wait(self, seconds: float) -> None:
        """Let time pass while the recorder is paused."""
        self.now_s += seconds


@pytest.mark.parametrize("every_s", [0.02, 0.04, 0.1, 0.5, 1.0, 4.0])
def test_a_source_in_time_is_heard_whole(every_s: float) -> None:
    source = Source()
    source.run(60, every_s)
    assert len(source.heard) == 3000


def test_after_a_network_gap_only_the_newest_two_seconds_are_heard() -> None:
    source = Source()
    source.run(10)
    source.heard.clear()
    source.record(60)
    assert source.send() == pytest.approx(2 / PACKET_S, abs=5)
    assert source.heard[0] == pytest.approx(source.time_s - 2, abs=0.1)
    source.run(10)
    assert len(source.heard) == pytest.approx(12 / PACKET_S, abs=5)


def test_a_gap_sent_in_pieces_is_not_heard_before_its_end() -> None:
    source = Source()
    source.run(10)
    source.heard.clear()
    source.record(60)
    for _ in range(20):
        source.now_s += 0.005
        source.send(3)
    assert len(source.heard) == pytest.approx(2 / PACKET_S, abs=10)


@pytest.mark.parametrize("speed", [1.3, 2, 10])
def test_a_slow_link_that_catches_up_is_heard_again_from_two_seconds_behind(speed: float) -> None:
    source = Source()
    source.run(10)
    source.heard.clear()
    source.record(30)
    while source.unsent:
        source.record(0.1)
        source.send(0.1 * speed)
        assert all(source.now_s - 5000 - time_s < 2.3 for time_s in source.heard)
        source.heard.clear()
    source.heard.clear()
    source.run(10)
    assert len(source.heard) == 500


def test_a_slow_link_that_stalls_in_between_does_not_pass_for_the_edge() -> None:
    source = Source()
    source.run(10)
    source.heard.clear()
    source.record(60)
    for _ in range(8):
        source.record(4)  # nothing comes for 4 s, then 5 s of sound in pieces
        for _ in range(5):
            source.now_s += 0.01
            source.send(1)
    assert source.heard == []


@pytest.mark.parametrize("clock_rate", [1 - 200e-6, 1 + 200e-6])
def test_a_clock_that_drifts_for_hours_loses_nothing(clock_rate: float) -> None:
    source = Source(clock_rate=clock_rate, packet_s=0.5)
    source.run(6 * 3600, every_s=1.0)
    assert len(source.heard) == 6 * 3600 * 2


def test_jitter_loses_nothing() -> None:
    source, chance = Source(), random.Random(4)
    for _ in range(2000):
        source.record(round(chance.uniform(0.02, 1.0), 2))
        source.send()
    assert len(source.heard) == round(source.time_s / PACKET_S)


@pytest.mark.parametrize(("every_s", "silence_s"), [(0.02, 1.1), (0.1, 1.3), (0.5, 2), (1.0, 3)])
def test_a_recorder_that_was_paused_is_heard_again_about_a_second_later(
    every_s: float, silence_s: float
) -> None:
    source = Source()
    source.run(10, every_s)
    source.wait(600)
    source.heard.clear()
    source.run(silence_s, every_s)
    source.heard.clear()
    source.run(10, every_s)
    assert len(source.heard) == 500


def test_a_source_of_long_pieces_that_was_paused_is_heard_again() -> None:
    source = Source()
    source.run(20, every_s=4)
    source.wait(600)
    source.run(12, every_s=4)
    source.heard.clear()
    source.run(20, every_s=4)
    assert len(source.heard) == 1000


def test_a_paused_recorder_with_a_network_gap_is_heard_from_its_present_edge() -> None:
    source = Source()
    source.run(10)
    source.record(20)
    source.wait(3600)
    source.send()
    source.run(2)
    source.heard.clear()
    source.run(10)
    assert len(source.heard) == 500


@pytest.mark.parametrize("jump_s", [1e6, -1e6, 40, -40])
def test_a_jump_of_the_timestamps_costs_about_a_second(jump_s: float) -> None:
    source = Source()
    source.run(10)
    source.time_s += jump_s
    source.run(1.1)
    source.heard.clear()
    source.run(10)
    assert len(source.heard) == 500


def test_one_timestamp_far_ahead_costs_about_a_second() -> None:
    source = Source()
    source.run(10)
    source.edge.is_at_edge(source.time_s + 1e9, source.now_s)
    source.run(1.1)
    source.heard.clear()
    source.run(10)
    assert len(source.heard) == 500


def test_a_recording_resumed_after_an_interruption_catches_up_unheard() -> None:
    source = Source(time_s=300)
    source.record(90)
    for _ in range(30):
        source.now_s += 0.005
        source.send(3)
    assert source.heard == []
    source.run(2)
    source.heard.clear()
    source.run(10)
    assert len(source.heard) == 500


def test_a_source_slower_than_sound_is_heard_with_short_gaps() -> None:
    source = Source()
    for _ in range(600):
        source.record(0.08)
        source.now_s += 0.02  # a tenth of its sound never comes in time
        source.send()
    assert len(source.heard) > 0.5 * source.time_s / PACKET_S
