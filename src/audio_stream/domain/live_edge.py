"""Which of a source's segments are at the live edge, and which only catch up."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

_AT_EDGE_S = 2.0
_LEAK_PER_S = 0.001
"""Lets the baseline follow a source whose clock is slow: five times what quartz may differ."""
_FRESH_START_S = 5.0
_WATCH_S = 0.9
"""A little under a second, which is how far apart the pieces of some recorders are."""
_SHORT_GAP_S = 1.5
_LONGEST_PIECE_S = 5.0
_FALLING_PER_S = 0.1


class _Piece(NamedTuple):
    """What a source sent at one moment, or in close succession, and how late its end was."""

    at_s: float
    lateness_s: float


class LiveEdge:
    """Judges a source's segments, in the order they come, by how late each is.

    A segment's lateness is the time it came less its time in the medium. The smallest lateness
    seen is the baseline: what comes up to 2 s above it, and a source's usual piece more, is at
    the edge. A source that is later than that either delivers faster than sound is heard, so it
    is catching up; or its clock was stopped (the laptop slept, the recorder was paused), and
    then its lateness no longer falls and becomes the baseline about a second later.
    """

    def __init__(self) -> None:
        self._baseline_s: float | None = None
        self._arrived_s: float | None = None
        self._gaps_s: deque[float] = deque(maxlen=32)
        self._usual_gap_s = 0.0
        self._piece = _Piece(0.0, 0.0)
        self._was_late = False
        self._watched_from: _Piece | None = None

    def is_at_edge(self, time_s: float, now_s: float) -> bool:
        """Tell whether the segment that begins at `time_s` and came at `now_s` is to be heard.

        `now_s` must never go backwards; `time_s` may.
        """
        lateness_s = now_s - time_s
        if self._arrived_s is None:
            # One that does not begin at its beginning was away: what comes first may be old.
            self._baseline_s = lateness_s if time_s <= _FRESH_START_S else None
            self._piece = _Piece(now_s, lateness_s)
        elif now_s > self._arrived_s:
            self._arrive(now_s, now_s - self._arrived_s, lateness_s)
        self._arrived_s = now_s
        self._piece = _Piece(self._piece.at_s, min(self._piece.lateness_s, lateness_s))
        if self._baseline_s is None:
            self._was_late = True
            return False
        tolerance_s = _AT_EDGE_S + min(self._usual_gap_s, _LONGEST_PIECE_S)
        self._was_late = lateness_s > self._baseline_s + tolerance_s
        self._baseline_s = min(self._baseline_s, lateness_s)
        return not self._was_late

    def _arrive(self, now_s: float, gap_s: float, lateness_s: float) -> None:
        if self._baseline_s is not None:
            self._baseline_s += _LEAK_PER_S * gap_s
        if gap_s > self._usual_gap_s / 4:
            self._watch(self._piece, stalled=gap_s > max(_SHORT_GAP_S, 2 * self._usual_gap_s))
            self._piece = _Piece(now_s, lateness_s)
        self._gaps_s.append(gap_s)
        # The longest but one: a single gap is an accident and says nothing of the source.
        self._usual_gap_s = sorted(self._gaps_s)[-2:][0]

    def _watch(self, piece: _Piece, *, stalled: bool) -> None:
        """Make the lateness of a piece the baseline if it has not fallen for about a second."""
        if stalled or not self._was_late:
            self._watched_from = None
            return
        if self._watched_from is None:
            self._watched_from = piece
        watched_s = piece.at_s - self._watched_from.at_s
        if watched_s < _WATCH_S:
            return
        fell_s = self._watched_from.lateness_s - piece.lateness_s
        if fell_s <= _FALLING_PER_S * watched_s:
            self._baseline_s = piece.lateness_s
        self._watched_from = piece
