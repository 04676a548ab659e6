"""Opus in MP4 whose numbers are backward is put right, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_stream.adapters.media.mp4_mending import mend_mp4
from audio_stream.domain.containers.mp4 import Mp4Splitter
from audio_stream.domain.containers.mp4_opus import backward_opus

SAMPLES = Path(__file__).parents[2] / "samples"
CHROMIUM = (SAMPLES / "chromium-opus-mp4.mp4").read_bytes()
AT = CHROMIUM.index(b"dOps") - 4
RIGHT = CHROMIUM[AT : AT + 19]
BACKWARD = RIGHT[:10] + RIGHT[11:9:-1] + RIGHT[15:11:-1] + RIGHT[17:15:-1] + RIGHT[18:]
WEBKITS = CHROMIUM[:AT] + BACKWARD + CHROMIUM[AT + 19 :]
"""As WebKitGTK 2.50 writes it."""


def test_a_backward_box_is_put_right() -> None:
    assert bytes.fromhex("00000013 644f7073 00 02 000f 80bb0000 0000 00") == BACKWARD
    assert backward_opus(WEBKITS) == (AT, RIGHT)


def test_listeners_get_it_right() -> None:
    webkit, chromium = Mp4Splitter(), Mp4Splitter()
    assert webkit.feed(0, WEBKITS) == chromium.feed(0, CHROMIUM)
    assert webkit.initialization == chromium.initialization


def test_ffmpeg_gets_it_right(tmp_path: Path) -> None:
    source, scratch = tmp_path / "source", tmp_path / "scratch"
    source.write_bytes(WEBKITS)
    assert mend_mp4(source, scratch) == scratch
    assert scratch.read_bytes() == CHROMIUM
    assert source.read_bytes() == WEBKITS


def test_ffmpeg_gets_what_webkit_writes_twice_right_too(tmp_path: Path) -> None:
    source, scratch = tmp_path / "source", tmp_path / "scratch"
    moof = CHROMIUM.index(b"moof") - 4
    size = int.from_bytes(CHROMIUM[moof : moof + 4], "big")
    fragment = CHROMIUM[moof : moof + size]
    source.write_bytes(WEBKITS[:moof] + fragment + WEBKITS[moof:])
    hidden = fragment[:4] + b"free" + fragment[8:]
    assert mend_mp4(source, scratch).read_bytes() == CHROMIUM[:moof] + hidden + CHROMIUM[moof:]


@pytest.mark.parametrize("name", ["chromium-opus-mp4.mp4", "safari-like.mp4"])
def test_what_is_right_is_read_as_it_is(name: str, tmp_path: Path) -> None:
    assert mend_mp4(SAMPLES / name, tmp_path / "scratch") == SAMPLES / name
    assert not (tmp_path / "scratch").exists()


@pytest.mark.parametrize("size", range(len(BACKWARD)))
def test_a_box_cut_off_is_left_alone(size: int) -> None:
    assert backward_opus(b"moov" + BACKWARD[:size]) is None


@given(rate_hz=st.integers(0, (1 << 20) - 1))
def test_every_rate_that_is_right_stays(rate_hz: int) -> None:
    box = RIGHT[:12] + rate_hz.to_bytes(4, "big") + RIGHT[16:]
    assert backward_opus(box) is None
