"""Which of a source's segments are at the live edge, and which only catch up."""

from __future__ import annotations

from typing import NamedTuple

_AT_EDGE_S = 2.0
_LEAK_PER_S = 0.001
"""Lets the baseline follow a source whose clock is slow: five times what quartz may differ."""
_FRESH_START_S = 5.0
_WATCH_S = 0.9
"""A little under a second, which is how far apart the pieces of some recorders are."""
_SHORT_GAP_S = 1.5
_FALLING_PER_S = 0.1


class _Arrival(NamedTuple):
    """Segments that came at one moment, and how late the last of them was."""

    at_s: float
    lateness_s: float


class LiveEdge:
    """Judges a source's segments, in the order they come, by how late each is.

    A segment's lateness is the time it came less its time in the medium. The smallest lateness
    seen is the baseline: what comes up to 2 s above it is at the edge. A source that is later
    than that either delivers faster than sound is heard, so it is catching up; or its clock was
    stopped (the laptop slept, the recorder was paused), and then its lateness no longer falls
    and becomes the baseline about a second later.
    """

    def __init__(self) -> None:
        self._baseline_s: float | None = None
        self._last: _Arrival | None = None
        self._usual_gap_s = 0.0
        self._was_late = False
        self._watched_from: _Arrival | None = None

    def is_at_edge(self, time_s: float, now_s: float) -> bool:
        """Tell whether the segment that begins at `time_s` and came at `now_s` is to be heard.

        `now_s` must never go backwards; `time_s` may.
        """
        lateness_s = now_s - time_s
        last = self._last
        if last is None:
            # One that does not begin at its beginning was away: what comes first may be old.
            self._baseline_s = lateness_s if time_s <= _FRESH_START_S else None
        else:
            if self._baseline_s is not None:
                self._baseline_s += _LEAK_PER_S * (now_s - last.at_s)
            if now_s > last.at_s:
                self._watch(last, now_s - last.at_s)
        self._last = _Arrival(now_s, lateness_s)
        at_edge = self._baseline_s is not None and lateness_s <= self._baseline_s + _AT_EDGE_S
        if self._baseline_s is not None:
            self._baseline_s = min(self._baseline_s, lateness_s)
        self._was_late = not at_edge
        return at_edge

    def _watch(self, last: _Arrival, gap_s: float) -> None:
        """Make the lateness of the `last` arrival the baseline if it has not fallen for a while."""
        stalled = gap_s > max(_SHORT_GAP_S, 2 * self._usual_gap_s)
        self._usual_gap_s = gap_s
        if stalled or not self._was_late:
            self._watched_from = None
            return
        if self._watched_from is None:
            self._watched_from = last
        watched_s = last.at_s - self._watched_from.at_s
        if watched_s < _WATCH_S:
            return
        fell_s = self._watched_from.lateness_s - last.lateness_s
        if fell_s <= _FALLING_PER_S * watched_s:
            self._baseline_s = last.lateness_s
        self._watched_from = last
