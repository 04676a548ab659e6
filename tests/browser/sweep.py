"""A sound whose every moment is another pitch, so that a recording of it is checked all through."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PERIOD_S = 24
FRAME_S = 0.02
_RATE_HZ = 48_000
_LOWEST_HZ = 400
_RISE_HZ_PER_S = 275
_WINDOW_S = 0.04
_EDGE_S = 0.12
_LOUD_ENOUGH = 20
_SLACK_S = 0.05
"""Less than a frame of Chromium's recorder (60 ms); starved, its capture slips by up to 40 ms."""


def write_sweep(path: Path) -> Path:
    """Write it as a WAV file: from 400 Hz to 7 kHz in 24 s, which the microphone repeats."""
    times = np.arange(PERIOD_S * _RATE_HZ) / _RATE_HZ
    turns = _LOWEST_HZ * times + _RISE_HZ_PER_S * times**2 / 2
    return _write(path, 0.3 * np.sin(2 * np.pi * turns))


def write_silence_and_tone(path: Path, *, silence_s: float, tone_s: float) -> Path:
    """Write a sound that begins with nothing at all."""
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(int(tone_s * _RATE_HZ)) / _RATE_HZ)
    return _write(path, np.concatenate([np.zeros(int(silence_s * _RATE_HZ)), tone]))


def _write(path: Path, sound: NDArray[np.float64]) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE_HZ)
        file.writeframes((32767 * sound).astype("<i2").tobytes())
    return path


def lags_s(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return for each frame how far its sound is from where an unbroken recording would be.

    Seconds: positive where something before it is missing, negative where something came twice.
    Modulo the period; a silent frame is NaN.
    """
    window = int(_WINDOW_S * _RATE_HZ)
    starts = np.arange(int(_EDGE_S * _RATE_HZ), len(sound) - window, int(FRAME_S * _RATE_HZ))
    frames = np.stack([sound[start : start + window] for start in starts]) * np.hanning(window)
    spectra = np.abs(np.fft.rfft(frames, _RATE_HZ))
    heard_s = (spectra.argmax(axis=1) - _LOWEST_HZ) / _RISE_HZ_PER_S
    lags = heard_s - starts / _RATE_HZ
    lags -= lags[: int(1 / FRAME_S)][spectra.max(axis=1)[: int(1 / FRAME_S)] > _LOUD_ENOUGH][0]
    lags = (lags + PERIOD_S / 2) % PERIOD_S - PERIOD_S / 2
    return np.where(spectra.max(axis=1) > _LOUD_ENOUGH, lags, np.nan)


def assert_whole(sound: NDArray[np.float32], *, duration_s: float) -> None:
    """Check that nothing is missing and nothing came twice, from the first frame to the last."""
    lags = lags_s(sound)
    wrong = ~(np.abs(lags) <= _SLACK_S)
    # Windows overlap: a gap of a frame spoils several in a row, and what only clicks a single one.
    alone = wrong & ~np.roll(wrong, 1) & ~np.roll(wrong, -1)
    broken = np.flatnonzero(wrong & ~alone)
    # A window over the place where the sweep begins again hears two pitches at once.
    again = np.diff(broken, prepend=-100) > int(PERIOD_S / 2 / FRAME_S)
    joints = {frame for start in broken[again] for frame in range(start, start + 3)}
    faults = [(round(frame * FRAME_S, 2), float(lags[frame])) for frame in broken]
    assert set(broken) <= joints, f"broken at (second, lag): {faults[:20]}"
    assert abs(len(sound) / _RATE_HZ - duration_s) <= 0.5
