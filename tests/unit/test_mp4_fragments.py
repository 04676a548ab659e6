"""Fragments of MP4 without audio are hidden from ffmpeg, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_stream.adapters.media.fragments import hide_stray_fragments

WEBKIT = (Path(__file__).parents[1] / "samples" / "webkit-aac.mp4").read_bytes()

FTYP, MOOF, MDAT = b"\0\0\0\x08ftyp", b"\0\0\0\x0cmoof1234", b"\0\0\0\x0amdatab"


def _hide(folder: Path, data: bytes) -> bytes:
    source = folder / "source"
    source.write_bytes(data)
    mended = hide_stray_fragments(source, folder / "scratch").read_bytes()
    assert source.read_bytes() == data
    return mended


def test_the_first_of_two_fragments_in_a_row_is_hidden(tmp_path: Path) -> None:
    hidden = MOOF.replace(b"moof", b"free")
    data = FTYP + MOOF + MDAT + MOOF + MOOF + MDAT
    assert _hide(tmp_path, data) == FTYP + MOOF + MDAT + hidden + MOOF + MDAT


@pytest.mark.parametrize("cut", [8, 9, len(MOOF)])
def test_a_last_fragment_whose_audio_never_came_is_hidden(cut: int, tmp_path: Path) -> None:
    data = FTYP + MOOF + MDAT + MOOF[:cut]
    assert _hide(tmp_path, data) == FTYP + MOOF + MDAT + MOOF[:cut].replace(b"moof", b"free")


def test_audio_cut_off_in_the_middle_keeps_its_fragment(tmp_path: Path) -> None:
    data = FTYP + MOOF + MDAT[:-1]
    assert _hide(tmp_path, data) == data


def test_boxes_between_a_fragment_and_its_audio_do_not_part_them(tmp_path: Path) -> None:
    data = FTYP + MOOF + b"\0\0\0\x08free" + MDAT
    assert _hide(tmp_path, data) == data


@pytest.mark.parametrize(
    "last", [b"\0\0\0\0mdat", b"\0\0\0\x01mdat" + (24).to_bytes(8, "big"), b"\0\0\0\x07mdat"]
)
def test_sizes_of_other_kinds_are_followed(last: bytes, tmp_path: Path) -> None:
    data = FTYP + MOOF + last + b"abcdefgh"
    assert _hide(tmp_path, data) == data


def test_what_webkit_writes_twice_is_hidden_once(tmp_path: Path) -> None:
    mended = _hide(tmp_path, WEBKIT)
    assert (WEBKIT.count(b"moof"), mended.count(b"moof")) == (11, 10)
    assert mended.replace(b"free", b"moof") == WEBKIT.replace(b"free", b"moof")


@given(st.binary(max_size=80))
def test_no_bytes_make_it_fail_or_change_more_than_kinds(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    mended = _hide(tmp_path_factory.mktemp("mp4"), FTYP + MOOF + data)
    assert mended.replace(b"free", b"moof") == (FTYP + MOOF + data).replace(b"free", b"moof")
