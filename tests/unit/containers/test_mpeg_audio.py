"""Headers of MPEG frames tell the frame's size and duration."""

from __future__ import annotations

import pytest

from audio_stream.domain.containers.mpeg_audio import (
    id3_size,
    parse_adts_header,
    parse_mpeg_header,
)


@pytest.mark.parametrize(
    ("header", "size_bytes", "samples", "rate_hz"),
    [
        ("fffb9064", 417, 1152, 44_100),  # MPEG 1 Layer III, 128 kbit/s
        ("fffb9264", 418, 1152, 44_100),  # padded
        ("fffbe464", 960, 1152, 48_000),  # 320 kbit/s
        ("fffb18c4", 144, 1152, 32_000),  # 32 kbit/s, mono
        ("fff380c4", 208, 576, 22_050),  # MPEG 2 Layer III, 64 kbit/s
        ("ffe318c4", 72, 576, 8_000),  # MPEG 2.5 Layer III, 8 kbit/s
        ("fffd8404", 384, 1152, 48_000),  # MPEG 1 Layer II, 128 kbit/s
        ("fff584c4", 384, 1152, 24_000),  # MPEG 2 Layer II, 64 kbit/s
    ],
)
def test_a_frame_header_tells_size_and_duration(
    header: str, size_bytes: int, samples: int, rate_hz: int
) -> None:
    frame = parse_mpeg_header(bytes.fromhex(header))
    assert frame is not None
    assert (frame.size_bytes, frame.samples, frame.rate_hz) == (size_bytes, samples, rate_hz)


@pytest.mark.parametrize(
    "header",
    [
        "fffb90",  # too short
        "ffdb9064",  # no sync
        "ffeb9064",  # the reserved version
        "fff99064",  # the reserved layer
        "ffff9064",  # Layer I
        "fffb0064",  # the free bit rate
        "fffbf064",  # the forbidden bit rate
        "fffb9c64",  # the reserved sample rate
        "fffb9066",  # the reserved emphasis
    ],
)
def test_what_no_encoder_writes_is_no_frame(header: str) -> None:
    assert parse_mpeg_header(bytes.fromhex(header)) is None


def test_an_adts_header_tells_the_frames_size() -> None:
    frame = parse_adts_header(bytes.fromhex("fff14c800d1ffc"))
    assert frame is not None
    assert frame[0] == 104


@pytest.mark.parametrize(
    "header",
    ["fff14c800d1f", "ffe14c800d1ffc", "fff74c800d1ffc", "fff1748000dffc", "fff14c8000bffc"],
)
def test_what_is_no_adts_header_is_none(header: str) -> None:
    assert parse_adts_header(bytes.fromhex(header)) is None


def test_an_id3_tags_size_counts_its_header_and_footer() -> None:
    assert id3_size(b"ID3\4\0\0\0\0\2\1") == 10 + 257
    assert id3_size(b"ID3\4\0\x10\0\0\2\1") == 20 + 257
    assert id3_size(b"ID3\4\0\0\0\0\2\x81") is None
    assert id3_size(b"ID3\x20\0\0\0\0\2\1") is None
    assert id3_size(b"ID3\4\0\0\0\0\2") is None
