"""The shape of a sound: the lowest and highest sample of each of its pieces. Pure."""

from __future__ import annotations

import json
import sys
from array import array

MAX_PEAKS = 20_000
"""There are never more: after half an hour each stands for twice as long, then four times …"""

_PEAKS_PER_S = 10
_SAMPLE_BYTES = 2


class Peaks:
    """Adds up 16-bit mono samples as they come; small however many there are."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate_hz = sample_rate_hz
        self._per_piece = sample_rate_hz // _PEAKS_PER_S
        self._pieces_per_peak = 1
        self._rest = b""
        self._lows: list[int] = []
        self._highs: list[int] = []
        # The last peak, as long as it lacks pieces.
        self._low = self._high = self._pieces = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes, little-endian, cut anywhere."""
        data = self._rest + data
        whole = len(data) - len(data) % (_SAMPLE_BYTES * self._per_piece)
        self._rest = data[whole:]
        samples = _samples(data[:whole])
        for start in range(0, len(samples), self._per_piece):
            self._add(samples[start : start + self._per_piece])

    @property
    def empty(self) -> bool:
        """Whether not a single sample came."""
        return not self._lows and not self._pieces and len(self._rest) < _SAMPLE_BYTES

    def to_json(self) -> bytes:
        """Return what came, all of it, in the audiowaveform format, version 2, 8 bits."""
        if last := _samples(self._rest[: len(self._rest) // _SAMPLE_BYTES * _SAMPLE_BYTES]):
            self._add(last)
        while self._pieces:  # and once more if that made them too many
            self._finish_peak()
        self._rest = b""
        data = [0] * (2 * len(self._lows))
        data[::2] = [low >> 8 for low in self._lows]
        data[1::2] = [high >> 8 for high in self._highs]
        waveform = {
            "version": 2,
            "channels": 1,
            "sample_rate": self._rate_hz,
            "samples_per_pixel": self._per_piece * self._pieces_per_peak,
            "bits": 8,
            "length": len(self._lows),
            "data": data,
        }
        return json.dumps(waveform, separators=(",", ":")).encode()

    def _add(self, piece: array[int]) -> None:
        low, high = min(piece), max(piece)
        self._low = min(self._low, low) if self._pieces else low
        self._high = max(self._high, high) if self._pieces else high
        self._pieces += 1
        if self._pieces == self._pieces_per_peak:
            self._finish_peak()

    def _finish_peak(self) -> None:
        self._lows.append(self._low)
        self._highs.append(self._high)
        self._pieces = 0
        if len(self._lows) > MAX_PEAKS:
            self._halve()

    def _halve(self) -> None:
        """Let each peak stand for twice as much; the odd one at the end is to be gone on with."""
        self._low, self._high = self._lows.pop(), self._highs.pop()
        self._pieces = self._pieces_per_peak
        self._lows = [min(pair) for pair in zip(self._lows[::2], self._lows[1::2], strict=True)]
        self._highs = [max(pair) for pair in zip(self._highs[::2], self._highs[1::2], strict=True)]
        self._pieces_per_peak *= 2


def _samples(data: bytes) -> array[int]:
    samples = array("h")
    samples.frombytes(data)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
