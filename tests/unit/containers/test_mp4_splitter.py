"""The MP4 splitter keeps the contract and carries exactly the audio track's samples."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_stream.domain.containers.mp4 import Mp4Splitter
from audio_stream.domain.containers.sniffing import Container
from audio_stream.domain.errors import MalformedMedia
from contracts.splitter_contract import (
    SplitterContract,
    cut,
    feed_what_can_be,
    few,
    held_bytes,
    sample,
)
from generators.mp4 import (
    AAC_ENTRY,
    AUDIO_ID,
    FTYP,
    OPUS_ENTRY,
    VIDEO_ENTRY,
    Fragment,
    Mp4,
    box,
    full,
    moov,
    mp4s,
    sample_entry,
    trak,
)

PLAIN = Fragment(runs=((b"\xfcone", b"\xfcthree"),))
ONE = Mp4((PLAIN,))
DEFAULTS = {AUDIO_ID: (960, 0)}
MOOV = moov(trak(AUDIO_ID, b"soun", OPUS_ENTRY), defaults=DEFAULTS)
AFTER_MVHD = MOOV[8 + 108 :]


class TestMp4Splitter(SplitterContract):
    container = Container.MP4
    sample_names = ("chromium-opus-mp4.mp4", "webkit-aac.mp4", "safari-like.mp4")

    @staticmethod
    def generated() -> st.SearchStrategy[bytes]:
        return mp4s().map(Mp4.encode)


def payload(segment: bytes) -> bytes:
    """Return what a segment of one `moof` and one `mdat` carries."""
    moof = struct.unpack(">I", segment[:4])[0]
    assert segment[4:8] == b"moof"
    assert segment[moof + 4 : moof + 8] == b"mdat"
    assert struct.unpack(">I", segment[moof : moof + 4])[0] == len(segment) - moof
    return segment[moof + 8 :]


@few
@given(mp4s())
def test_each_fragment_becomes_one_of_the_audio_samples_alone(mp4: Mp4) -> None:
    splitter = Mp4Splitter()
    made = splitter.feed(0, mp4.encode())
    assert [(s.time_s, payload(s.data)) for s in made] == mp4.segments()
    assert splitter.initialization == mp4.initialization()


def test_a_fragment_leaves_with_its_last_byte() -> None:
    media = ONE.encode()
    splitter = Mp4Splitter()
    assert splitter.feed(0, media[:-1]) == []
    assert len(splitter.feed(len(media) - 1, media[-1:])) == 1


def test_times_go_on_by_themselves_where_fragments_name_none() -> None:
    mp4 = Mp4((replace(PLAIN, time_version=None),) * 3)
    made = Mp4Splitter().feed(0, mp4.encode())
    assert [s.time_s for s in made] == [0.0, 0.04, 0.08]
    assert [struct.unpack(">Q", s.data[s.data.index(b"tfdt") + 8 :][:8])[0] for s in made] == [
        0,
        1920,
        3840,
    ]


def test_a_fragment_without_audio_is_left_out() -> None:
    mp4 = Mp4((PLAIN, Fragment(runs=((),)), PLAIN))
    assert [s.time_s for s in Mp4Splitter().feed(0, mp4.encode())] == [0.0, 0.04]


def test_webkits_doubled_last_fragment_counts_once() -> None:
    assert len(Mp4Splitter().feed(0, sample("webkit-aac.mp4"))) == 10
    doubled = Mp4((PLAIN, replace(PLAIN, doubled=True)))
    assert [payload(s.data) for s in Mp4Splitter().feed(0, doubled.encode())] == [
        b"\xfcone\xfcthree"
    ] * 2


def test_other_tracks_data_in_an_mdat_of_its_own_is_passed_over() -> None:
    mdat = box("mdat", b"v" * 2_000_000)
    mp4 = Mp4((replace(PLAIN, between=mdat), replace(PLAIN, between=mdat)))
    splitter, media, held = Mp4Splitter(), mp4.encode(), 0
    made = 0
    for piece in cut(media, range(0, len(media), 65_536)):
        made += len(splitter.feed(splitter.offset, piece))
        held = max(held, held_bytes(splitter))
    assert made == 2
    assert held < 100_000


@pytest.mark.parametrize(
    ("entry", "media_type"),
    [
        (OPUS_ENTRY, "audio/mp4;codecs=opus"),
        (AAC_ENTRY, "audio/mp4;codecs=mp4a.40.2"),
        (sample_entry("mp4a", box("wave", AAC_ENTRY[36:])), "audio/mp4;codecs=mp4a.40.2"),
        (
            AAC_ENTRY.replace(b"\x05\x02\x11\x90", b"\x05\x02\xf9\x40"),
            "audio/mp4;codecs=mp4a.40.42",
        ),
        (AAC_ENTRY.replace(b"\x40\x15\0", b"\x6b\x15\0"), "audio/mp4;codecs=mp3"),
        (AAC_ENTRY.replace(b"\x40\x15\0", b"\x67\x15\0"), "audio/mp4;codecs=mp4a.67"),
        (sample_entry("mp4a"), "audio/mp4"),
        (sample_entry("mp4a", full("esds", 0, b"\3")), "audio/mp4"),
        (sample_entry("fLaC"), "audio/mp4;codecs=flac"),
        (sample_entry("xxxx"), "audio/mp4"),
    ],
)
def test_the_media_type_names_the_codec_that_is_in_it(entry: bytes, media_type: str) -> None:
    splitter = Mp4Splitter()
    splitter.feed(0, Mp4((PLAIN,), entry=entry).encode())
    assert splitter.media_type == media_type


HUGE = b"\x7f" + b"\xff" * 7


def moof(*content: bytes) -> bytes:
    """Return a `moof` with a header."""
    return box("moof", full("mfhd", 0, b"\0\0\0\1"), *content)


def traf(trun_flags: int, *trun: bytes) -> bytes:
    """Return a `traf` of the audio track."""
    tfhd = full("tfhd", 0x20000, struct.pack(">I", AUDIO_ID))
    return box("traf", tfhd, full("trun", trun_flags, *trun))


def beginning_at(time: int | None) -> bytes:
    """Return a fragment of one sample and its data, which begins at a time or names none."""
    tfhd = full("tfhd", 0x20000, struct.pack(">I", AUDIO_ID))
    tfdt = b"" if time is None else full("tfdt", 0, struct.pack(">Q", time), version=1)

    def moof_of(data_at: int) -> bytes:
        return moof(
            box("traf", tfhd, tfdt, full("trun", 0x201, struct.pack(">IiI", 1, data_at, 1)))
        )

    return moof_of(len(moof_of(0)) + 8) + box("mdat", b"x")


def twice(data: bytes) -> bytes:
    """Return a fragment of two runs which both say that they are the whole of its data."""

    def moof_of(data_at: int) -> bytes:
        trun = full("trun", 0x201, struct.pack(">IiI", 1, data_at, len(data)))
        return moof(box("traf", full("tfhd", 0x20000, struct.pack(">I", AUDIO_ID)), trun, trun))

    return moof_of(len(moof_of(0)) + 8) + box("mdat", data)


BEFORE_TABLE = struct.pack(">Ii", 1, 0)

HOSTILE = {
    "no file type": MOOV,
    "a file type of 1 GB": b"\x3f\xff\xff\xff" + b"ftyp",
    "a movie of 1 GB": FTYP + b"\x3f\xff\xff\xff" + b"moov",
    "a box of 2^63 bytes": FTYP + b"\0\0\0\1moov" + HUGE,
    "a box of 2^63 bytes after the movie": FTYP + MOOV + b"\0\0\0\1free" + HUGE,
    "a fragment of 1 GB": FTYP + MOOV + b"\x3f\xff\xff\xffmoof",
    "a box smaller than its header": FTYP + b"\0\0\0\7free",
    "a large box smaller than its header": FTYP + b"\0\0\0\1free" + b"\0" * 7 + b"\x0f",
    "a movie to the end": FTYP + b"\0\0\0\0moov",
    "an unprintable type": FTYP + b"\0\0\0\x10\1\2\3\4",
    "a fragment before the movie": FTYP + moof(),
    "data before the movie": FTYP + box("mdat", b"x"),
    "not fragmented": FTYP + box("moov", trak(AUDIO_ID, b"soun", OPUS_ENTRY)),
    "only video": FTYP + moov(trak(1, b"vide", VIDEO_ENTRY), defaults=DEFAULTS),
    "samples in the movie": FTYP + MOOV.replace(b"stts\0\0\0\0\0\0\0\0", b"stts\0\0\0\0\0\0\0\1"),
    "no timescale": FTYP + MOOV.replace(struct.pack(">II", 48_000, 0), b"\0" * 8),
    "an empty track": FTYP + box("moov", box("trak"), box("mvex")),
    "a track of headers without content": FTYP
    + box("moov", box("trak", box("mdia", full("hdlr", 0, b"\0\0\0\0soun"))), box("mvex")),
    "a table larger than its box": FTYP + MOOV + moof(traf(0x201, BEFORE_TABLE)),
    "a table of 2^32 samples": FTYP + MOOV + moof(traf(0x201, b"\xff" * 8, b"\0" * 4)),
    "samples of 2^32 bytes": FTYP
    + MOOV
    + moof(traf(0x201, struct.pack(">Ii", 1, 80), b"\xff" * 4))
    + box("mdat", b"x"),
    "samples within the moof": FTYP
    + MOOV
    + moof(traf(0x201, BEFORE_TABLE, b"\0\0\0\4"))
    + box("mdat", b"x"),
    "samples before the moof": FTYP
    + MOOV
    + moof(traf(0x201, struct.pack(">Ii", 1, -90), b"\0\0\0\4"))
    + box("mdat", b"x"),
    "the same samples twice": FTYP + MOOV + twice(b"sample"),
    "a fragment after the end of time": FTYP + MOOV + beginning_at(2**64 - 1) + beginning_at(None),
    "a movie header of nothing": FTYP + box("moov", box("mvhd"), AFTER_MVHD),
    "a fragment of nothing": FTYP + MOOV + moof(box("traf")),
    "a run of nothing": FTYP + MOOV + moof(box("traf", full("tfhd", 0, b"\0\0\0\2"), box("trun"))),
    "a child larger than its parent": FTYP + MOOV + moof(b"\0\0\0\x20traf"),
    "a child to the end": FTYP + MOOV + moof(b"\0\0\0\0traf"),
    "a child that is cut": FTYP + MOOV + moof(b"\0\0"),
}


@pytest.mark.parametrize("media", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_raise_the_one_error_and_hold_nothing(media: bytes) -> None:
    for size in (1, 7, len(media)):
        splitter = Mp4Splitter()
        broken = feed_what_can_be(splitter, cut(media, range(0, len(media), size)))[1]
        assert broken
        assert held_bytes(splitter) < 10_000


def test_a_fragment_larger_than_what_may_be_held_is_refused() -> None:
    mp4 = Mp4((Fragment(runs=((b"x" * 600_000, b"x" * 600_000),)),))
    with pytest.raises(MalformedMedia, match="larger than 1048576 bytes"):
        Mp4Splitter().feed(0, mp4.encode())
