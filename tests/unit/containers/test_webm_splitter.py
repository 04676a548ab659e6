"""The WebM splitter keeps the contract and makes exactly one cluster of each block."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_stream.domain.containers.sniffing import Container
from audio_stream.domain.containers.webm import WebmSplitter
from audio_stream.domain.errors import MalformedMedia
from contracts.splitter_contract import (
    SplitterContract,
    cut,
    feed_all,
    feed_what_can_be,
    few,
    held_bytes,
    sample,
)
from generators.webm import CRC, OPUS_HEAD, VOID, Block, Cluster, WebM, el, open_el, vint, webms

BLOCK = Block(40, b"\xfcsound")
ONE = WebM((Cluster(0, (BLOCK,)),))
HEADER = ONE.header()
START = HEADER + bytes.fromhex("18538067") + b"\x01" + b"\xff" * 7


class TestWebmSplitter(SplitterContract):
    container = Container.WEBM
    sample_names = (
        "chromium-20ms.webm",
        "chromium-100ms.webm",
        "chromium-1000ms.webm",
        "firefox-100ms.webm",
    )

    @staticmethod
    def generated() -> st.SearchStrategy[bytes]:
        return webms().map(WebM.encode)


@few
@given(webms())
def test_each_block_of_the_audio_track_becomes_a_cluster_with_its_absolute_time(
    webm: WebM,
) -> None:
    splitter = WebmSplitter()
    made = splitter.feed(0, webm.encode())
    assert [(s.time_s, s.data) for s in made] == webm.segments()
    assert splitter.initialization == webm.initialization()
    assert splitter.media_type == "audio/webm;codecs=opus"


def test_a_block_leaves_with_its_last_byte_though_its_cluster_goes_on() -> None:
    webm = WebM((Cluster(0, (BLOCK, BLOCK), known_size=True),))
    media = webm.encode()
    second_at = media.rindex(BLOCK.element(1, 40))
    splitter = WebmSplitter()
    assert splitter.feed(0, media[: second_at - 1]) == []
    assert len(splitter.feed(second_at - 1, media[second_at - 1 : second_at])) == 1


def test_a_time_before_zero_stays_relative() -> None:
    webm = WebM((Cluster(0, (Block(-20, b"\xfca"), Block(0, b"\xfcb"))),))
    made = WebmSplitter().feed(0, webm.encode())
    assert [s.time_s for s in made] == [-0.02, 0.0]
    assert b"\xe7\x84\0\0\0\0" in made[0].data
    assert b"\x81\xff\xec\x80\xfca" in made[0].data


def test_blocks_of_any_size_up_to_the_limit_pass() -> None:
    # About 16,370 a cluster's size needs more bytes, lest it say "unknown".
    sizes = [1, 100, *range(16_360, 16_390), 500_000, (1 << 20) - 16]
    webm = WebM((Cluster(0, tuple(Block(n, b"x" * size) for n, size in enumerate(sizes))),))
    assert [s.data for s in WebmSplitter().feed(0, webm.encode())] == [
        data for _, data in webm.segments()
    ]
    above = WebM((Cluster(0, (Block(0, b"x" * (1 << 20)),)),))
    with pytest.raises(MalformedMedia, match="larger than 1048576 bytes"):
        WebmSplitter().feed(0, above.encode())


def test_a_picture_of_another_track_may_be_larger_than_what_is_held() -> None:
    picture = el("A3", vint(2), b"\0\0\x80", b"p" * 3_000_000)
    group = el("A0", el("A1", vint(2), b"\0\0\0", b"p" * 3_000_000), el("9B", b"\1"))
    webm = WebM((Cluster(0, (BLOCK, BLOCK), between=picture + group),), with_video=True)
    splitter = WebmSplitter()
    media = webm.encode()
    held, made = 0, 0
    for piece in cut(media, range(0, len(media), 65_536)):
        made += len(splitter.feed(splitter.offset, piece))
        held = max(held, held_bytes(splitter))
    assert made == 2
    assert held < 100_000


def test_firefoxs_second_track_number_and_no_duration() -> None:
    splitter = WebmSplitter()
    splitter.feed(0, sample("firefox-100ms.webm"))
    assert splitter.initialization is not None
    assert b"\xd7\x81\x02" in splitter.initialization
    assert b"\x44\x89" in sample("firefox-100ms.webm")[:300]
    assert b"\x44\x89" not in splitter.initialization


@pytest.mark.parametrize(
    ("codec_id", "media_type"),
    [
        (b"A_OPUS", "audio/webm;codecs=opus"),
        (b"A_VORBIS", "audio/webm;codecs=vorbis"),
        (b"A_VORBIS\0\0", "audio/webm;codecs=vorbis"),
        (b"A_SOMETHING", "audio/webm"),
        (b"\xff\xfe", "audio/webm"),
    ],
)
def test_the_media_type_names_the_codec_that_is_in_it(codec_id: bytes, media_type: str) -> None:
    splitter = WebmSplitter()
    splitter.feed(0, WebM(ONE.clusters, codec=codec_id).encode())
    assert splitter.media_type == media_type


def test_tracks_may_come_before_info_and_info_may_be_missing() -> None:
    info, entry = ONE._info(live=True), el("1654AE6B", ONE._entry())
    cluster = ONE._cluster(ONE.clusters[0])
    for body in (VOID + entry + VOID + info, VOID + entry, entry + info + entry + info):
        splitter = WebmSplitter()
        assert len(splitter.feed(0, START + body + cluster)) == 1
        assert splitter.initialization == START + (info if info in body else b"") + entry


def test_the_initialization_segment_is_there_before_the_first_cluster() -> None:
    splitter = WebmSplitter()
    media = ONE.encode()
    end = media.index(bytes.fromhex("1f43b675"))
    splitter.feed(0, media[: end - 1])
    assert splitter.initialization is None
    assert splitter.media_type is None
    splitter.feed(end - 1, media[end - 1 : end])
    assert splitter.initialization == ONE.initialization()


def test_a_large_void_is_passed_over_without_being_held() -> None:
    splitter = WebmSplitter()
    feed_all(splitter, [START, bytes.fromhex("ec"), vint(1 << 29)])
    for _ in range(64):
        splitter.feed(splitter.offset, b"\0" * (1 << 20))
    assert held_bytes(splitter) < 10_000


TIMELESS = open_el("1F43B675", BLOCK.element(1, 0))
TRACKS = el("1654AE6B", ONE._entry())
HUGE = b"\x01" + b"\x7f" + b"\xff" * 6

HOSTILE = {
    "nothing known": b"\x42\x42\x42\x42",
    "no header": START[len(HEADER) :],
    "a header of 2^55 bytes": bytes.fromhex("1A45DFA3") + HUGE,
    "a header without end": bytes.fromhex("1A45DFA3") + b"\xff",
    "two headers": HEADER + HEADER,
    "two segments": START + START[len(HEADER) :],
    "another file after the first": ONE.encode() + ONE.encode(),
    "an info of 2^55 bytes": START + bytes.fromhex("1549A966") + HUGE,
    "tracks of 2^55 bytes": START + bytes.fromhex("1654AE6B") + HUGE,
    "a void of 2^55 bytes": START + b"\xec" + HUGE,
    "a block of 2^55 bytes": ONE.encode() + b"\xa3" + HUGE + vint(1) + b"\0" * 40,
    "a group of 2^55 bytes": ONE.encode() + b"\xa0" + HUGE + b"\xa1" + HUGE + vint(1) + b"\0" * 40,
    "a timestamp of 2^55 bytes": ONE.encode() + b"\xe7" + HUGE + b"\0" * 40,
    "a timestamp of nine bytes": ONE.encode() + el("E7", b"\1" * 9),
    "a timestamp beyond all times": ONE.encode() + el("E7", b"\xff" * 8),
    "a block without size": ONE.encode() + b"\xa3\xff",
    "an empty block": ONE.encode() + el("A3"),
    "a block without flags": ONE.encode() + el("A3", b"\x81\0\0"),
    "a group without a block": ONE.encode() + el("A0", el("9B", b"\1")),
    "a group with an empty block": ONE.encode() + el("A0", el("A1")),
    "a group smaller than its block": ONE.encode() + el("A0", b"\xa1\x90\x81\0\0\0"),
    "a track number of nine bytes": ONE.encode() + el("A3", b"\0" * 12),
    "a cluster before tracks": START + bytes.fromhex("1F43B675") + b"\xff",
    "a block before clusters": START + BLOCK.element(1, 0),
    "a block before its time": ONE.encode() + TIMELESS,
    "only video": START + el("1654AE6B", el("AE", el("D7", b"\1"), el("83", b"\1"))),
    "no track number": START + el("1654AE6B", el("AE", el("83", b"\2"))),
    "no tracks in tracks": START + el("1654AE6B", CRC),
    "a timestamp scale of 0": START + el("1549A966", el("2AD7B1", b"\0")),
    "a child larger than its parent": START + el("1549A966", b"\x4d\x80\x90"),
    "a child without size": START + el("1549A966", b"\x4d\x80\xff"),
    "a child that is cut": START + el("1549A966", b"\x4d"),
}


@pytest.mark.parametrize("media", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_raise_the_one_error_and_hold_nothing(media: bytes) -> None:
    for size in (1, 7, len(media)):
        splitter = WebmSplitter()
        broken = feed_what_can_be(splitter, cut(media, range(0, len(media), size)))[1]
        assert broken
        assert held_bytes(splitter) < 10_000


def test_a_quarter_of_a_million_tiny_elements_leave_nothing_behind() -> None:
    splitter = WebmSplitter()
    splitter.feed(0, START + TRACKS)
    tiny = b"\xec\x80" * 32_768
    for _ in range(8):
        splitter.feed(splitter.offset, tiny)
    assert held_bytes(splitter) < 10_000
    assert len(splitter.feed(splitter.offset, ONE._cluster(ONE.clusters[0]))) == 1
    assert OPUS_HEAD in (splitter.initialization or b"")
