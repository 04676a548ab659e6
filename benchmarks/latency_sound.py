"""What the microphone of benchmarks/latency.py plays, and where in a recording of it a beep is.

A beep each half second, each of its own pitch, over a quiet hum that never pauses: the beeps tell
how late a sound is heard, and a silence without the hum is a gap.
"""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Sound = NDArray[np.float32]

BEEPS = 30
BEEP_EVERY_S = 0.5
CYCLE_S = BEEPS * BEEP_EVERY_S
"""Then it begins again: a delay shorter than this is told without doubt."""
_RATE_HZ = 48_000
_LOWEST_HZ = 700.0
_INTERVAL = 1.08
"""Wide enough that a player may hurry by 3 % and its pitch with it."""
_STRIDE = 11
"""Neighbours in time are far apart in pitch."""
_BEEP_S = 0.08
_RAMP_S = 0.001
_HUM_HZ = 400.0
"""Encoders for voices take deeper tones for wind."""
_HUM = 0.1
_WARBLE_HZ, _SWELL_HZ = 2.0, 4.2
"""It wavers as voices do: what never changes is noise to a browser, which removes it."""
_BEEP = 0.35
_SILENCE = 0.002
"""A sample this small is no hum, except for a moment as it passes zero."""
_LEAST_GAP_S = 0.002
_PIECE_S = 10.0


class Beep(NamedTuple):
    """Where a beep begins in a recording."""

    at: float
    """In samples."""
    number: int
    """Which of the cycle it is."""


def write_beeps(path: Path) -> Path:
    """Write one cycle as a WAV file, which Chromium's fake microphone plays over and over."""
    times_s = np.arange(int(CYCLE_S * _RATE_HZ)) / _RATE_HZ
    sound = _hum(times_s)
    length = int(_BEEP_S * _RATE_HZ)
    ramp = int(_RAMP_S * _RATE_HZ)
    shape = np.ones(length)
    shape[:ramp] = np.sin(np.linspace(0, np.pi / 2, ramp)) ** 2
    shape[-ramp:] = shape[:ramp][::-1]
    for number in range(BEEPS):
        start = int((number + 0.5) * BEEP_EVERY_S * _RATE_HZ)
        beep = np.sin(2 * np.pi * pitch_hz(number) * times_s[:length])
        sound[start : start + length] += _BEEP * shape * beep
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE_HZ)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return path


def _hum(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the hum, between 330 and 470 Hz, and never softer than half of its loudness."""
    swell = 0.75 + 0.25 * np.sin(2 * np.pi * _SWELL_HZ * times_s)
    warble = 35 * np.sin(2 * np.pi * _WARBLE_HZ * times_s)
    wave: NDArray[np.float64] = np.sin(2 * np.pi * _HUM_HZ * times_s + warble)
    return _HUM * swell * wave


def pitch_hz(number: int) -> float:
    """Return the pitch of the cycle's beep of that number."""
    return float(_LOWEST_HZ * _INTERVAL ** (number * _STRIDE % BEEPS))


_PITCHES_HZ = np.array([pitch_hz(number) for number in range(BEEPS)])


def find_beeps(sound: Sound, rate_hz: float) -> Sequence[Beep]:
    """Return the beeps in their order.

    A beep begins where it has half of its loudness, so that neither a codec's smear nor a
    different volume moves it.
    """
    loud = _loudness(_without_hum(sound, rate_hz), rate_hz)
    usual = np.quantile(loud, 1 - _BEEP_S / BEEP_EVERY_S / 2)
    risen = (loud[1:] >= usual / 4) & (loud[:-1] < usual / 4)
    found: list[Beep] = []
    last = -int(rate_hz)
    for start in np.flatnonzero(risen).tolist():
        if start - last < rate_hz * BEEP_EVERY_S / 4:
            continue
        beep = _look(sound, loud, start, rate_hz)
        if beep is not None:
            found.append(beep)
            last = start
    return found


def _look(sound: Sound, loud: Sound, near: int, rate_hz: float) -> Beep | None:
    ms = rate_hz / 1000
    plateau = loud[near + int(15 * ms) : near + int(55 * ms)]
    if len(plateau) < int(35 * ms):
        return None
    half = float(np.median(plateau)) / 2
    start = max(0, near - int(15 * ms))
    at = start + int(np.argmax(loud[start : near + int(20 * ms)] >= half))
    if at == 0 or loud[at] < half:
        return None
    part = (half - loud[at - 1]) / max(1e-9, loud[at] - loud[at - 1])
    tone = sound[at + int(8 * ms) : at + int(65 * ms)]
    if len(tone) < int(50 * ms):
        return None
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), 1 << 15))
    spectrum[: int((_LOWEST_HZ - 50) / rate_hz * (1 << 15))] = 0
    heard_hz = float(spectrum.argmax()) * rate_hz / (1 << 15)
    number = int(np.abs(np.log(_PITCHES_HZ / heard_hz)).argmin())
    return Beep(at - 1 + float(part), number)


def _without_hum(sound: Sound, rate_hz: float) -> Sound:
    """Return what is above the hum, without moving it in time."""
    half = int(rate_hz * 0.006)
    n = np.arange(-half, half + 1)
    cut = 2 * (_LOWEST_HZ + _HUM_HZ) / 2 / rate_hz
    low = cut * np.sinc(cut * n) * np.blackman(len(n))
    high = -low / low.sum()
    high[half] += 1
    out = np.empty_like(sound)
    step = int(_PIECE_S * rate_hz)
    for start in range(0, len(sound), step):
        before, after = max(0, start - half), min(len(sound), start + step + half)
        piece = np.convolve(sound[before:after], high.astype(np.float32), mode="same")
        end = min(len(sound), start + step)
        out[start:end] = piece[start - before : end - before]
    return out


def _loudness(sound: Sound, rate_hz: float) -> Sound:
    """Return the loudness around each sample: of two milliseconds."""
    half = int(rate_hz * 0.001)
    power = np.cumsum(np.concatenate([np.zeros(half + 1), sound.astype(float) ** 2]))
    power = np.concatenate([power, np.full(half, power[-1])])
    around = power[2 * half + 1 :] - power[: -2 * half - 1]
    loud: Sound = np.sqrt(np.maximum(around, 0) / (2 * half + 1)).astype(np.float32)
    return loud


def find_gaps(sound: Sound, rate_hz: float) -> Sequence[tuple[int, int]]:
    """Return where the hum is missing: first sample and count of each silence."""
    return [
        (start, end - start)
        for start, end in _runs(np.abs(sound) < _SILENCE)
        if end - start >= _LEAST_GAP_S * rate_hz
    ]


def _runs(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
