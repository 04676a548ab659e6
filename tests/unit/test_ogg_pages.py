"""The last page of an Ogg that was cut short keeps its whole packets."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_stream.adapters.media.pages import cut_page, mend_last_page
from generators.ogg import crc

SAMPLES = Path(__file__).parents[1] / "samples"
OGG = (SAMPLES / "source-opus.ogg").read_bytes()


def _pages(data: bytes) -> list[bytes]:
    pages = []
    while data:
        count = data[26]
        size = 27 + count + sum(data[27 : 27 + count])
        pages.append(data[:size])
        data = data[size:]
    return pages


def _packets(page: bytes) -> list[bytes]:
    packets, body, packet = [], page[27 + page[26] :], b""
    for size in page[27 : 27 + page[26]]:
        packet, body = packet + body[:size], body[size:]
        if size < 255:
            packets.append(packet)
            packet = b""
    return packets


PAGES = _pages(OGG)


@given(st.integers(2, len(PAGES) - 1), st.floats(0, 1))
def test_all_whole_packets_of_a_cut_page_are_kept(number: int, part: float) -> None:
    page = PAGES[number]
    cut = page[: int(part * (len(page) - 1))]
    packets = _packets(page)
    header = 27 + page[26]
    arrived = [n for n in range(len(packets)) if header + _end(packets, n) <= len(cut)]
    mended = cut_page(cut, opus=True)
    assert mended is not None
    assert (_packets(mended) if mended else []) == packets[: len(arrived)]


def _end(packets: list[bytes], number: int) -> int:
    return sum(len(packet) for packet in packets[: number + 1])


def test_a_cut_page_tells_when_its_last_opus_packet_ends() -> None:
    page = PAGES[3]
    cut = page[: 27 + page[26] + _end(_packets(page), 3) + 1]
    mended = cut_page(cut, opus=True)
    assert mended
    (told,) = struct.unpack("<q", mended[6:14])
    (before,) = struct.unpack("<q", PAGES[2][6:14])
    assert told == before + 4 * 960


def test_without_opus_it_tells_no_time() -> None:
    mended = cut_page(PAGES[3][:-1], opus=False)
    assert mended
    assert mended[6:14] == b"\xff" * 8


def test_a_cut_page_carries_its_own_checksum() -> None:
    mended = bytearray(cut_page(PAGES[3][:-1], opus=True) or b"")
    told = int.from_bytes(mended[22:26], "little")
    mended[22:26] = bytes(4)
    assert told == crc(bytes(mended))


def test_a_whole_page_is_left_alone() -> None:
    assert all(cut_page(page, opus=True) is None for page in PAGES)


def test_the_last_page_of_a_file_no_longer_claims_to_be_the_last() -> None:
    page = bytearray(PAGES[-2])
    page[5] |= 4
    mended = cut_page(bytes(page[:-1]), opus=True)
    assert mended
    assert not mended[5] & 4


@given(st.binary(max_size=600))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    cut_page(data, opus=True)
    cut_page(b"OggS\0" + data, opus=True)
    cut_page(b"OggS\0" + bytes(21) + data, opus=True)


def test_the_source_is_not_changed_and_a_whole_one_not_copied(tmp_path: Path) -> None:
    source, scratch = tmp_path / "source", tmp_path / "scratch"
    source.write_bytes(OGG)
    assert mend_last_page(source, scratch) == source
    source.write_bytes(OGG[:-1])
    assert mend_last_page(source, scratch) == scratch
    assert source.read_bytes() == OGG[:-1]
    # Its last page has a single packet, which is no longer whole.
    assert _pages(scratch.read_bytes()) == PAGES[:-1]


@pytest.mark.parametrize("data", [b"", b"OggS", b"OggS\0" * 30_000], ids=["none", "four", "many"])
def test_odd_files_are_mended_or_left(data: bytes, tmp_path: Path) -> None:
    source, scratch = tmp_path / "source", tmp_path / "scratch"
    source.write_bytes(data)
    mended = mend_last_page(source, scratch).read_bytes()
    assert data.startswith(mended)
