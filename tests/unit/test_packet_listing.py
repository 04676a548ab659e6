"""What ffmpeg's packet listing tells, and when a copy counts as a copy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_stream.adapters.media.packets import PacketListing
from audio_stream.domain.errors import MediaToolFailed, PacketsLost

HEAD = b"#format: frame checksums\n#tb 0: 1/1000\n#codec_id 0: opus\n#stream#, dts, pts\n"


def _line(time: int, duration: int = 20, size: int = 100, content: str = "aa") -> bytes:
    return f"0, {time:10}, {time:10}, {duration:8}, {size:8}, {content}\n".encode()


def _lines(count: int, start: int = 0) -> bytes:
    return b"".join(_line(start + 20 * n, content=f"{n:032x}") for n in range(count))


def _listing(*lines: bytes) -> PacketListing:
    listing = PacketListing()
    listing.feed(HEAD + b"".join(lines))
    return listing


@given(st.lists(st.integers(0, 4000), max_size=8))
def test_it_is_the_same_however_it_was_cut(cuts: list[int]) -> None:
    data = HEAD + _lines(40)
    listing = PacketListing()
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        listing.feed(data[start:end])
    assert (listing.codec, listing.count) == ("opus", 40)
    assert listing.duration_s == pytest.approx(0.8)
    _listing(_lines(40)).check_copy(listing)


def test_nothing_listed_is_no_packet_and_no_time() -> None:
    listing = PacketListing()
    assert (listing.count, listing.duration_s) == (0, 0)


def test_the_duration_counts_from_the_first_packet() -> None:
    assert _listing(_lines(50, start=10_000)).duration_s == pytest.approx(1.0)


def test_what_a_decoder_skips_before_zero_is_not_heard() -> None:
    assert _listing(_lines(50, start=-7)).duration_s == pytest.approx(0.993)


def test_a_last_packet_of_unknown_duration_lasts_as_the_one_before() -> None:
    listing = _listing(_line(0, 0), _line(60, 0), _line(120, 0))
    assert listing.duration_s == pytest.approx(0.18)


def test_a_packet_without_a_time_follows_the_one_before() -> None:
    assert _listing(_line(0), _line(-(1 << 63))).duration_s == pytest.approx(0.04)


def test_what_follows_the_hash_is_not_read() -> None:
    side_data = _line(0).replace(b"\n", b", S=1,       10, 0f0f\n")
    _listing(side_data).check_copy(_listing(_line(0)))


def test_a_copy_may_be_shifted_and_rounded() -> None:
    shifted = b"".join(_line(1007 + 20 * n + n % 3, content=f"{n:032x}") for n in range(100))
    _listing(_lines(100)).check_copy(_listing(shifted))


def test_a_lost_packet_is_told_with_both_counts() -> None:
    with pytest.raises(PacketsLost) as lost:
        _listing(_lines(249)).check_copy(_listing(_lines(248)))
    assert (lost.value.expected, lost.value.got) == (249, 248)


@pytest.mark.parametrize(
    "copy",
    [
        [_line(0, content="aa"), _line(20, content="cc")],
        [_line(0, content="bb"), _line(20, content="aa")],
        [_line(0, content="aa"), _line(20, size=101, content="bb")],
    ],
    ids=["other bytes", "other order", "other size"],
)
def test_other_packets_are_no_copy(copy: list[bytes]) -> None:
    source = _listing(_line(0, content="aa"), _line(20, content="bb"))
    with pytest.raises(MediaToolFailed, match="not those of the recording"):
        source.check_copy(_listing(*copy))


def test_a_gap_that_was_closed_is_no_copy() -> None:
    gap = _lines(32) + _line(9000, content="ff") + b"".join(_line(9020 + n) for n in range(40))
    closed = _lines(32) + _line(640, content="ff") + b"".join(_line(660 + n) for n in range(40))
    with pytest.raises(MediaToolFailed, match="not at the times"):
        _listing(gap).check_copy(_listing(closed))


def test_times_that_stand_still_are_not_sane_and_need_not_be_kept() -> None:
    stuck = _listing(*(_line(n, 20, content=f"{n:032x}") for n in range(200)))
    assert not stuck.has_sane_times
    stuck.check_copy(_listing(_lines(200)))
    assert _listing(_lines(200)).has_sane_times
    assert PacketListing().has_sane_times


def test_an_mp3_may_be_off_by_a_packet_and_no_more() -> None:
    source = _listing(*(_line(60 * n, 60) for n in range(100)))
    source.check_duration(_listing(*(_line(60 * n, 60) for n in range(101))).duration_s)
    with pytest.raises(MediaToolFailed, match=r"Of 6\.00 s of audio, 5\.88 s"):
        source.check_duration(_listing(*(_line(60 * n, 60) for n in range(98))).duration_s)


def test_a_gap_before_a_packet_of_unknown_duration_does_not_loosen_the_comparison() -> None:
    source = _listing(_line(0, 0), _line(20, 0), _line(9000, 0))
    with pytest.raises(MediaToolFailed):
        source.check_duration(_listing(_lines(2)).duration_s)
