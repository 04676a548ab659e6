"""A FLAC's header tells the length that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.media.streaminfo import tell_length

if TYPE_CHECKING:
    from pathlib import Path

RATE = 44_100
AUDIO = b"frames"


def _flac(samples: int) -> bytes:
    told = RATE << 44 | 0x0F << 36 | samples
    return b"fLaC" + b"\x80\0\0\x22" + bytes(10) + told.to_bytes(8, "big") + b"m" * 16 + AUDIO


@pytest.mark.parametrize("before", [0, 10 * RATE], ids=["unknown", "longer"])
def test_another_length_is_corrected_and_its_sum_is_no_longer_told(
    before: int, tmp_path: Path
) -> None:
    path = tmp_path / "flac"
    path.write_bytes(_flac(before))
    tell_length(path, 2.5)
    assert path.read_bytes() == _flac(5 * RATE // 2).replace(b"m" * 16, bytes(16))


def test_the_right_length_stays_with_its_sum(tmp_path: Path) -> None:
    path = tmp_path / "flac"
    path.write_bytes(_flac(RATE))
    tell_length(path, 1.000001)
    assert path.read_bytes() == _flac(RATE)


@pytest.mark.parametrize("data", [b"", _flac(1)[:41], b"f" + _flac(1)[1:].lower()])
def test_what_is_no_flac_stays(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "flac"
    path.write_bytes(data)
    tell_length(path, 1)
    assert path.read_bytes() == data


def test_a_length_too_great_to_tell_is_left_untold(tmp_path: Path) -> None:
    path = tmp_path / "flac"
    path.write_bytes(_flac(0))
    tell_length(path, 1e9)
    assert path.read_bytes() == _flac(0)
