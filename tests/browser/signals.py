"""A sound that tells where in it one is: tones of half a second in an order that repeats."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TONES_HZ = (500, 900, 700, 1300, 1100, 1700, 1500, 2100)
TONE_S = 0.5
_RATE_HZ = 48_000
_HOP_S = 0.02
_WINDOW_S = 0.04
_NEAR_HZ = 60


@dataclass(frozen=True)
class Run:
    """One tone, and how long it lasted."""

    tone_hz: int
    duration_s: float


def write_tones(path: Path) -> Path:
    """Write the sound as a WAV file, which Chromium's fake microphone plays over and over."""
    times = np.arange(int(TONE_S * _RATE_HZ)) / _RATE_HZ
    sound = np.concatenate([0.3 * np.sin(2 * np.pi * hz * times) for hz in TONES_HZ])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE_HZ)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return path


def decode(path: Path) -> NDArray[np.float32]:
    """Return what a player would hear of a file, mono."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-ar", str(_RATE_HZ)]
    done = subprocess.run([*command, "-f", "f32le", "-"], check=True, capture_output=True)
    return np.frombuffer(done.stdout, dtype=np.float32)


def duration_s(sound: NDArray[np.float32]) -> float:
    """Return how long it lasts."""
    return len(sound) / _RATE_HZ


def tone_runs(sound: NDArray[np.float32]) -> Sequence[Run]:
    """Return the tones in their order, each with its length; what is no known tone is 0 Hz."""
    window = int(_WINDOW_S * _RATE_HZ)
    heard: list[int] = []
    for start in range(0, len(sound) - window, int(_HOP_S * _RATE_HZ)):
        spectrum = np.abs(np.fft.rfft(sound[start : start + window] * np.hanning(window), _RATE_HZ))
        loudest_hz = int(spectrum.argmax())
        tone_hz = nearest_tone(loudest_hz)
        heard.append(tone_hz if spectrum.max() > 1 else 0)
    edges = [0, *(i for i in range(1, len(heard)) if heard[i] != heard[i - 1]), len(heard)]
    return [
        Run(tone_hz=heard[start], duration_s=(end - start) * _HOP_S)
        for start, end in pairwise(edges)
    ]


def nearest_tone(hz: float) -> int:
    """Return the tone that this is, 0 when it is none."""
    nearest = min(TONES_HZ, key=lambda tone_hz: abs(tone_hz - hz))
    return nearest if abs(nearest - hz) <= _NEAR_HZ else 0


def assert_unbroken(sound: NDArray[np.float32]) -> None:
    """Check that every tone follows the one before it, whole: nothing missing, nothing twice."""
    # A window across the border of two tones may show neither for a moment.
    runs = [run for run in tone_runs(sound) if run.tone_hz or run.duration_s > 2 * _HOP_S]
    whole = runs[1:-1]  # the first and the last were cut by Record and Stop
    assert len(whole) >= 4, runs
    for run in whole:
        assert abs(run.duration_s - TONE_S) <= 3 * _HOP_S, runs
    for run, following in pairwise(whole):
        due = TONES_HZ[(TONES_HZ.index(run.tone_hz) + 1) % len(TONES_HZ)]
        assert following.tone_hz == due, runs
