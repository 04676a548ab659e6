"""Peaks: every sample is in one of them, and there are never too many."""

from __future__ import annotations

import json
from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_stream.adapters.media.peaks import MAX_PEAKS, Peaks

RATE = 50
PER_PEAK = 5

samples = st.lists(st.integers(-32768, 32767), max_size=200)


def _measure(*pieces: bytes) -> dict[str, Any]:
    peaks = Peaks(RATE)
    for piece in pieces:
        peaks.feed(piece)
    waveform: dict[str, Any] = json.loads(peaks.to_json())
    return waveform


@given(samples, st.lists(st.integers(0, 400), max_size=6))
def test_each_tenth_of_a_second_has_its_lowest_and_highest_sample_however_it_was_cut(
    values: list[int], cuts: list[int]
) -> None:
    data = array("h", values).tobytes()
    ends = [*sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    tenths = [values[at : at + PER_PEAK] for at in range(0, len(values), PER_PEAK)]
    waveform = _measure(*pieces)
    assert waveform["data"] == [
        bound >> 8 for tenth in tenths for bound in (min(tenth), max(tenth))
    ]
    assert waveform["length"] == len(tenths)


def test_it_is_audiowaveform_version_2() -> None:
    waveform = _measure(array("h", [0] * 10).tobytes())
    del waveform["data"]
    assert waveform == {
        "version": 2,
        "channels": 1,
        "sample_rate": RATE,
        "samples_per_pixel": PER_PEAK,
        "bits": 8,
        "length": 2,
    }


def test_full_scale_is_minus_128_to_127() -> None:
    assert _measure(array("h", [-32768, 32767]).tobytes())["data"] == [-128, 127]


@pytest.mark.parametrize("count", [MAX_PEAKS, MAX_PEAKS + 1, 2 * MAX_PEAKS + 1, 5 * MAX_PEAKS + 3])
def test_a_long_sound_has_coarser_peaks_that_still_hold_every_sample(count: int) -> None:
    quiet = array("h", [1 << 8] * (PER_PEAK * count - 1))
    waveform = _measure(quiet.tobytes() + array("h", [100 << 8]).tobytes())
    assert MAX_PEAKS // 2 <= waveform["length"] <= MAX_PEAKS
    per_peak = waveform["samples_per_pixel"]
    assert waveform["length"] == -(-PER_PEAK * count // per_peak)
    assert len(waveform["data"]) == 2 * waveform["length"]
    assert waveform["data"][-2:] == [1 if per_peak > PER_PEAK or count > 1 else 100, 100]
    assert set(waveform["data"][:-1]) == {1}


def test_silence_is_peaks_and_nothing_is_none() -> None:
    peaks = Peaks(RATE)
    assert peaks.empty
    peaks.feed(b"\0")
    assert peaks.empty
    peaks.feed(b"\0")
    assert not peaks.empty
