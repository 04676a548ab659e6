"""What a page's probe kept: a sound in which every sample has its time of day."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from latency_sound import find_beeps, find_gaps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from browser.drivers.engine import EnginePage

Side = Literal["in", "out"]
_WINDOW_MS = 2000.0
"""Sound cards keep pace: over so long, their clock is what most pieces agree on."""


class Heard(NamedTuple):
    """A beep, and when."""

    at_ms: float
    number: int


class Record:
    """All that passed one probe, put together from what is drained now and then."""

    def __init__(self, page: EnginePage, side: Side) -> None:
        self.page = page
        self._side = side
        self._samples: list[NDArray[np.int16]] = []
        self._sizes: list[int] = []
        self._at_ms: list[float] = []
        self.rate_hz = 48_000.0

    async def open(self) -> None:
        """Let the page keep what passes from now on."""
        await self.page.evaluate(f"latency.tap('{self._side}') ?? 0")

    async def drain(self) -> None:
        """Take what the page has kept since the last time."""
        kept: dict[str, Any] = await self.page.evaluate(f"latency.drain('{self._side}')")
        self.rate_hz = float(kept["rate_hz"])
        self._samples.append(np.frombuffer(base64.b64decode(kept["samples"]), np.int16))
        self._sizes += kept["sizes"]
        self._at_ms += kept["at_ms"]

    async def forget(self) -> None:
        """Begin anew from this moment."""
        await self.page.evaluate(f"latency.forget('{self._side}') ?? 0")
        self._samples, self._sizes, self._at_ms = [], [], []

    @property
    def sound(self) -> NDArray[np.float32]:
        """What was heard, one after the other."""
        if not self._samples:
            return np.zeros(0, np.float32)
        return np.concatenate(self._samples).astype(np.float32) / np.float32(32768)

    def beeps(self) -> Sequence[Heard]:
        """Return the beeps, each with its time of day."""
        clock = self._clock()
        found = find_beeps(self.sound, self.rate_hz)
        return [Heard(clock.at_ms(beep.at), beep.number) for beep in found]

    def gaps_ms(self) -> Sequence[float]:
        """Return how long each silence was."""
        return [count / self.rate_hz * 1000 for _, count in find_gaps(self.sound, self.rate_hz)]

    def _clock(self) -> _Clock:
        sizes = np.array(self._sizes)
        ends = np.cumsum(sizes)
        at_ms = np.array(self._at_ms)
        ms = 1000 / self.rate_hz
        if self._side == "in":
            # A piece is complete when its last sample has been heard, and is late at most.
            return _Clock(ends, at_ms - ends * ms, 0.1, ms)
        # Pieces are made in bursts, as many as the card wants at once: the first of a burst is
        # played at that moment, the others after it.
        starts = ends - sizes
        first = np.concatenate([[True], np.diff(at_ms) >= 1])
        return _Clock(starts[first], at_ms[first] - starts[first] * ms, 0.5, ms)


class _Clock:
    """Tells the time of a sample by what the pieces around it agree on."""

    def __init__(
        self,
        samples: NDArray[np.int64],
        offsets_ms: NDArray[np.float64],
        quantile: float,
        sample_ms: float,
    ) -> None:
        self._ms = sample_ms
        step = _WINDOW_MS / sample_ms / 4
        last = float(samples[-1]) if len(samples) else 0.0
        centres = np.arange(0, last + step, step)
        told = []
        for centre in centres:
            low, high = np.searchsorted(samples, [centre - 2 * step, centre + 2 * step])
            near = offsets_ms[low:high]
            told.append(np.quantile(near, quantile) if len(near) else np.nan)
        known = ~np.isnan(told)
        self._centres, self._offsets = centres[known], np.array(told)[known]

    def at_ms(self, sample: float) -> float:
        """Return the time of day of a sample."""
        return sample * self._ms + float(np.interp(sample, self._centres, self._offsets))


def delays(said: Sequence[Heard], heard: Sequence[Heard]) -> Sequence[tuple[float, float]]:
    """Return time of day and delay of each beep that was heard, both in ms."""
    found = []
    for beep in heard:
        before = [s.at_ms for s in said if s.number == beep.number and s.at_ms <= beep.at_ms]
        if before:
            found.append((beep.at_ms, beep.at_ms - before[-1]))
    return found


def slope_ms_per_minute(points: Sequence[tuple[float, float]]) -> float:
    """Return how much the delay grows, by the median of the slopes between distant beeps."""
    half = len(points) // 2
    pairs = zip(points[:half], points[-half:], strict=True)
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) * 60_000 for a, b in pairs if b[0] > a[0]]
    return float(np.median(slopes)) if slopes else float("nan")
