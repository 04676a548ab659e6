"""The comparison that the recorder's tests stand on sees one frame that is missing or double."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from browser.signals import decode
from browser.sweep import FRAME_S, assert_same, assert_whole, write_sweep
from browser.witness import assert_in_order
from ffmpeg_probe import payloads, run

RATE_HZ = 48_000
FRAME = int(FRAME_S * RATE_HZ)
LENGTH_S = 26
AGAIN_S = 20.7
"""Here the sweep begins again."""

Sound = NDArray[np.float32]

anywhere = pytest.mark.parametrize("at_s", [0.5, 9.99, AGAIN_S, LENGTH_S - 0.5])


@pytest.fixture(scope="module")
def track(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a recording."""
    folder = tmp_path_factory.mktemp("sweep")
    sweep = write_sweep(folder / "sweep.wav")
    length = ("-ss", "3.3", "-t", str(LENGTH_S))
    run("-stream_loop", "1", "-i", sweep, *length, folder / "given.wav")
    run("-i", folder / "given.wav", "-c:a", "libopus", "-b:a", "128k", folder / "track.webm")
    return folder / "track.webm"


@pytest.fixture(scope="module")
def given(track: Path) -> Sound:
    """Give the sound that was recorded."""
    return decode(track.with_name("given.wav"))


@pytest.fixture(scope="module")
def heard(track: Path) -> Sound:
    """Give what Opus makes of it."""
    return decode(track)


def test_what_an_encoder_does_to_the_sound_is_no_fault(heard: Sound, given: Sound) -> None:
    assert_same(heard, given, rate_hz=RATE_HZ)
    assert_whole(heard, duration_s=LENGTH_S)


@anywhere
def test_a_frame_of_sound_that_is_missing_is_seen(heard: Sound, given: Sound, at_s: float) -> None:
    at = int(at_s * RATE_HZ)
    with pytest.raises(AssertionError, match="broken at"):
        assert_same(np.delete(heard, slice(at, at + FRAME)), given, rate_hz=RATE_HZ)


@anywhere
def test_a_frame_of_sound_that_came_twice_is_seen(heard: Sound, given: Sound, at_s: float) -> None:
    at = int(at_s * RATE_HZ)
    with pytest.raises(AssertionError, match="broken at"):
        assert_same(np.insert(heard, at, heard[at : at + FRAME]), given, rate_hz=RATE_HZ)


@pytest.mark.parametrize(
    "spoil",
    [lambda made: [*made[:500], *made[501:]], lambda made: [*made[:501], *made[500:]]],
    ids=["missing", "twice"],
)
def test_a_packet_that_is_missing_or_came_twice_is_seen(
    track: Path, spoil: Callable[[list[bytes]], list[bytes]]
) -> None:
    made = payloads(track)
    with pytest.raises(AssertionError, match=r"packet 50[01] of"):
        assert_in_order(spoil(made), made)
