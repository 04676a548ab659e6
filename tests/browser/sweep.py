"""A sound whose every moment is another pitch, so that a recording of it is checked all through."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float32]

PERIOD_S = 24
FRAME_S = 0.02
_RATE_HZ = 48_000
_LOWEST_HZ = 400
_RISE_HZ_PER_S = 275
_WINDOW_S = 0.04
_EDGE_S = 0.12
_BINS = 4096
_LOUD_ENOUGH = 20
CAPTURE_SLACK_S = 0.05
"""On a starved computer Chromium's capture slips by up to 40 ms before any page hears of it."""


def write_sweep(path: Path) -> Path:
    """Write it as a WAV file: from 400 Hz to 7 kHz in 24 s, which the microphone repeats."""
    times = np.arange(PERIOD_S * _RATE_HZ) / _RATE_HZ
    turns = _LOWEST_HZ * times + _RISE_HZ_PER_S * times**2 / 2
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE_HZ)
        file.writeframes((32767 * 0.3 * np.sin(2 * np.pi * turns)).astype("<i2").tobytes())
    return path


def lags_s(sound: Sound, rate_hz: float = _RATE_HZ) -> NDArray[np.float64]:
    """Return for each frame how far its sound is from where an unbroken recording would be.

    Seconds: positive where something before it is missing, negative where something came twice.
    Modulo the period, counted from the first second; a silent frame is NaN. A frame over the place
    where the sweep begins again has two pitches: it is given the lag of the one before.
    """
    window = int(_WINDOW_S * rate_hz)
    starts = np.arange(int(_EDGE_S * rate_hz), len(sound) - window, int(FRAME_S * rate_hz))
    pitches, loudness = np.transpose([_pitch(sound[at : at + window]) for at in starts])
    heard_s = (pitches * rate_hz - _LOWEST_HZ) / _RISE_HZ_PER_S
    lags = np.where(loudness > _LOUD_ENOUGH, heard_s - starts / rate_hz, np.nan)
    first_second = lags[: int(1 / FRAME_S)]
    lags = _around_zero(lags - first_second[~np.isnan(first_second)][0])
    lags = _around_zero(lags - np.nanmedian(lags[: int(1 / FRAME_S)]))
    for joint in np.flatnonzero(np.abs(heard_s - PERIOD_S / 2) > PERIOD_S / 2 - _WINDOW_S):
        lags[joint] = lags[joint - 1] if joint else 0
    return lags


def assert_whole(
    sound: Sound, *, duration_s: float, longer_s: float = 0.5, skipped_s: float = 0
) -> None:
    """Check it against the microphone's signal, of which the browser's capture may skip so much.

    It may be that much longer than was seen last.
    """
    _assert_steady(lags_s(sound), slack_s=CAPTURE_SLACK_S + skipped_s)
    assert -0.5 <= len(sound) / _RATE_HZ - duration_s <= longer_s


def assert_same(sound: Sound, given: Sound, *, rate_hz: float) -> None:
    """Check that it is the sound that was given: no frame is missing and none came twice."""
    heard, played = lags_s(sound), lags_s(given, rate_hz)
    both = min(len(heard), len(played))
    apart = _around_zero(heard[:both] - played[:both])
    _assert_steady(np.where(np.isnan(played[:both]), 0, apart), slack_s=FRAME_S / 2)


def _pitch(window: Sound) -> tuple[float, float]:
    """Return the loudest pitch, in turns a sample, between the bins; and how loud it is."""
    spectrum = np.abs(np.fft.rfft(window * np.hanning(len(window)), _BINS)) + 1e-9
    peak = int(spectrum[1:-1].argmax()) + 1
    before, at, after = np.log(spectrum[peak - 1 : peak + 2])
    curve = before - 2 * at + after  # none in silence
    between = (before - after) / (2 * curve) if curve else 0
    return (peak + between) / _BINS, spectrum[peak]


def _around_zero(lags: NDArray[np.float64]) -> NDArray[np.float64]:
    return (lags + PERIOD_S / 2) % PERIOD_S - PERIOD_S / 2


def _assert_steady(lags: NDArray[np.float64], *, slack_s: float) -> None:
    wrong = ~(np.abs(lags) <= slack_s)
    # Windows overlap: a gap of a frame spoils several in a row, and what only clicks a single one.
    alone = wrong & ~np.roll(wrong, 1) & ~np.roll(wrong, -1)
    faults = [(round(at * FRAME_S, 2), float(lags[at])) for at in np.flatnonzero(wrong & ~alone)]
    assert not faults, f"broken at (second, lag): {faults[:20]}"
