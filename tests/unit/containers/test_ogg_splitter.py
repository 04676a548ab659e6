"""The Ogg splitter keeps the contract and makes one logical stream of all packets."""

from __future__ import annotations

import struct
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_stream.domain.containers.ogg import OggSplitter
from audio_stream.domain.containers.ogg_pages import checksum
from audio_stream.domain.containers.sniffing import Container
from audio_stream.domain.errors import MalformedMedia
from contracts.splitter_contract import (
    SplitterContract,
    cut,
    feed_what_can_be,
    few,
    held_bytes,
)
from generators.ogg import (
    CONTINUED,
    FIRST,
    FLAC_HEAD,
    HEADERS,
    LAST,
    OPUS_HEAD,
    OPUS_TAGS,
    STREAM_INFO,
    VORBIS_HEAD,
    VORBIS_SETUP,
    Link,
    Ogg,
    crc,
    oggs,
    packets_of,
    page,
    page_of,
    read_pages,
)

LINK = Link((b"\xfcone", b"\xfctwo", b"\xfcthree"), page_segments=(1,))
HEAD = b"".join(LINK.head_pages())


def numberless(data: bytes) -> bytes:
    """Return pages without their numbers, which count from wherever one joins."""
    return b"".join(
        page_of(p.flags, p.position, (p.serial, 0), (p.lacing, p.body)) for p in read_pages(data)
    )


class TestOggSplitter(SplitterContract):
    container = Container.OGG
    sample_names = ("source-opus.ogg", "source-vorbis.ogg", "source-flac.ogg", "firefox-1000ms.ogg")

    @staticmethod
    def generated() -> st.SearchStrategy[bytes]:
        return oggs().map(Ogg.encode)

    @staticmethod
    def comparable(segment: bytes) -> bytes:
        return numberless(segment)


@few
@given(oggs())
def test_the_packets_that_end_on_a_page_become_pages_of_one_stream(ogg: Ogg) -> None:
    splitter = OggSplitter()
    made = splitter.feed(0, ogg.encode())
    segments = [read_pages(s.data) for s in made]
    assert [
        (s.time_s, packets_of(pages), pages[-1].position)
        for s, pages in zip(made, segments, strict=True)
    ] == ogg.segments()
    everything = read_pages((splitter.initialization or b"") + b"".join(s.data for s in made))
    assert [p.number for p in everything] == list(range(len(everything)))
    assert {p.serial for p in everything} == {ogg.links[0].serial}
    assert [p.flags & ~CONTINUED for p in everything] == [FIRST] + [0] * (len(everything) - 1)
    assert splitter.media_type == f"audio/ogg;codecs={ogg.links[0].codec}"


@few
@given(st.binary(max_size=400))
def test_the_quick_checksum_is_the_one_of_the_specification(data: bytes) -> None:
    assert checksum(data) == crc(data)


@pytest.mark.parametrize("codec", ["opus", "vorbis"])
def test_the_initialization_segment_is_the_headers_as_they_are(codec: str) -> None:
    splitter = OggSplitter()
    splitter.feed(0, Ogg((replace(LINK, codec=codec),)).encode())
    pages = read_pages(splitter.initialization or b"")
    assert packets_of(pages) == list(HEADERS[codec])
    assert packets_of(pages[:1]) == [HEADERS[codec][0]]


def test_flacs_length_and_checksum_leave_the_initialization_segment() -> None:
    splitter = OggSplitter()
    splitter.feed(0, Ogg((replace(LINK, codec="flac"),)).encode())
    head = packets_of(read_pages(splitter.initialization or b""))[0]
    assert head == FLAC_HEAD.replace((12_345).to_bytes(4, "big") + b"m" * 16, b"\0" * 20)


def test_a_packet_over_many_pages_becomes_a_run_of_pages() -> None:
    packets = (b"a" * 150_000, b"b" * 200, b"c" * 66_000, b"d")
    link = Link(packets, page_segments=(200,))
    made = OggSplitter().feed(0, Ogg((link,)).encode())
    runs = [read_pages(s.data) for s in made]
    assert [packets_of(run) for run in runs] == [[*packets[:2]], [*packets[2:]]]
    assert [p.position for p in runs[0]] == [-1] * (len(runs[0]) - 1) + [1920]


def test_a_packet_larger_than_what_may_be_held_is_refused() -> None:
    link = Link((b"a" * ((1 << 20) + 70_000),), page_segments=(255,))
    with pytest.raises(MalformedMedia, match="packet is larger than 1048576 bytes"):
        OggSplitter().feed(0, Ogg((link,)).encode())


def test_a_page_with_a_wrong_checksum_is_left_out_with_what_it_began() -> None:
    link = Link((b"\xfc" * 400, b"\xfctwo", b"\xfcthree", b"\xfcfour"), page_segments=(1, 1, 1))
    pages = [data for data, _, _ in link.pages()]
    broken = pages[0][:-1] + b"?"
    made = OggSplitter().feed(0, HEAD + b"".join([broken, *pages[1:]]))
    assert [packets_of(read_pages(s.data)) for s in made] == [[p] for p in link.packets[1:]]


def test_a_chained_relay_that_begins_at_any_position_goes_on_without_a_leap() -> None:
    relay = replace(LINK, serial=9, first_position=10_000_000)
    made = OggSplitter().feed(0, Ogg((LINK, relay)).encode())
    times = [s.time_s for s in made]
    assert times[:4] == [0.0, 0.02, 0.04, 0.06]
    # Where the first packet of the relay begins is known to within the longest one, 120 ms.
    assert all(0.02 <= b - a <= 0.12 for a, b in pairwise(times[3:]))


def test_a_chained_stream_with_other_settings_ends_the_broadcast() -> None:
    others = [
        page(FIRST, 0, 9, 0, [OPUS_HEAD.replace(b"\1\2", b"\1\1")]) + page(0, 0, 9, 1, [OPUS_TAGS]),
        b"".join(replace(LINK, codec="vorbis", serial=9).head_pages()),
        b"".join(replace(LINK, codec="flac", serial=9).head_pages()),
    ]
    for other in others:
        splitter = OggSplitter()
        assert len(splitter.feed(0, Ogg((LINK,)).encode() + other)) == 3
        with pytest.raises(MalformedMedia, match="other settings"):
            splitter.feed(splitter.offset, b"")


@pytest.mark.parametrize(
    ("codec", "headers"),
    [
        ("vorbis", (VORBIS_HEAD, HEADERS["vorbis"][1], VORBIS_SETUP[:-1])),
        ("vorbis", (VORBIS_HEAD.replace(b"\0\2", b"\0\1", 1), *HEADERS["vorbis"][1:])),
        ("flac", (FLAC_HEAD.replace(STREAM_INFO[10:13], b"\x0a\xc4\x42"), HEADERS["flac"][1])),
    ],
)
def test_what_a_decoder_could_not_go_on_with_is_other_settings(
    codec: str, headers: tuple[bytes, ...]
) -> None:
    splitter = OggSplitter()
    pages = [page(FIRST if n == 0 else 0, 0, 9, n, [header]) for n, header in enumerate(headers)]
    splitter.feed(0, Ogg((replace(LINK, codec=codec),)).encode() + b"".join(pages))
    with pytest.raises(MalformedMedia, match="other settings"):
        splitter.feed(splitter.offset, b"")


AUDIO = b"".join(data for data, _, _ in LINK.pages())

HOSTILE = {
    "no page": HEAD + b"Ogg!" + b"\0" * 40,
    "no first page": AUDIO,
    "only speex": page(FIRST, 0, 1, 0, [b"Speex   " + b"\0" * 72]) + AUDIO,
    "tags missing": LINK.head_pages()[0] + AUDIO,
    "a second chain of nothing": HEAD + AUDIO + page(FIRST, 0, 1, 0, [b"video"]) + AUDIO,
    "a position before all times": HEAD + page(0, -5, 7, 2, [b"\xfc"]),
    "no position": HEAD + page(0, -1, 7, 2, [b"\xfc"]),
    "a position beyond all times": HEAD + page(0, (1 << 63) - 1, 7, 2, [b"\xfc"]),
    "vorbis at no rate": page(FIRST, 0, 1, 0, [VORBIS_HEAD[:12] + b"\0\0\0\0" + VORBIS_HEAD[16:]])
    + AUDIO,
    "flac at no rate": page(FIRST, 0, 1, 0, [FLAC_HEAD[:27] + b"\0" * 24]) + AUDIO,
    "endless empty headers": page(FIRST, 0, 7, 0, [FLAC_HEAD]) + page(0, 0, 7, 1, [b""] * 255),
}


@pytest.mark.parametrize("media", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_raise_the_one_error_and_hold_nothing(media: bytes) -> None:
    for size in (1, 7, len(media)):
        splitter = OggSplitter()
        broken = feed_what_can_be(splitter, cut(media, range(0, len(media), size)))[1]
        assert broken
        assert held_bytes(splitter) < 10_000


def test_positions_that_add_up_beyond_all_times_are_refused() -> None:
    far = Link((b"\xfc",), first_position=(1 << 62) - 2_000)
    splitter = OggSplitter()
    assert len(splitter.feed(0, Ogg((far, LINK, LINK)).encode())) == 2
    with pytest.raises(MalformedMedia, match="position"):
        splitter.feed(splitter.offset, b"")


def test_no_page_says_it_is_the_last() -> None:
    media = Ogg((LINK,)).encode()
    assert read_pages(media)[-1].flags == LAST
    assert read_pages(OggSplitter().feed(0, media)[-1].data)[-1].flags == 0
    assert struct.unpack_from("<q", media, len(HEAD) + 6)[0] == 960
