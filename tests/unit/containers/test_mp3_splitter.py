"""The MP3 splitter keeps the contract and finds the frames, all of them and only them."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_stream.domain.containers.mp3 import Mp3Splitter
from audio_stream.domain.containers.sniffing import Container
from audio_stream.domain.errors import MalformedMedia
from contracts.splitter_contract import SplitterContract, cut, few, held_bytes
from generators.mp3 import APE, ID3V1, XING, Mp3, frame, id3, mp3s

FRAME = frame(9, b"x")


class TestMp3Splitter(SplitterContract):
    container = Container.MP3
    sample_names = ("source-cbr.mp3",)
    fewest_segments = 2

    @staticmethod
    def generated() -> st.SearchStrategy[bytes]:
        return mp3s().map(Mp3.encode)


@few
@given(mp3s())
def test_each_frame_becomes_a_segment_and_nothing_else_does(mp3: Mp3) -> None:
    splitter = Mp3Splitter()
    made = splitter.feed(0, mp3.encode())
    assert [s.data for s in made] == [data for _, data in mp3.segments()]
    assert [s.time_s for s in made] == pytest.approx([time for time, _ in mp3.segments()])
    assert splitter.initialization == b""
    assert splitter.media_type == "audio/mpeg"


def test_a_frame_leaves_with_its_last_byte_once_there_was_one_before() -> None:
    splitter = Mp3Splitter()
    assert splitter.feed(0, FRAME + FRAME[:3]) == []
    assert splitter.initialization is None
    assert len(splitter.feed(splitter.offset, FRAME[3:-1])) == 1
    assert len(splitter.feed(splitter.offset, FRAME[-1:])) == 1
    assert len(splitter.feed(splitter.offset, FRAME)) == 1


def test_headers_within_noise_are_not_believed() -> None:
    noise = bytearray(Random(3).randbytes(50_000))
    noise[20_000:20_004] = FRAME[:4]
    splitter = Mp3Splitter()
    assert splitter.feed(0, bytes(noise)) == []
    assert [s.data for s in splitter.feed(splitter.offset, FRAME * 3)] == [FRAME] * 3


def test_after_noise_it_takes_two_frames_in_a_row_again() -> None:
    noise = b"\0" * 500 + FRAME[:4] + b"\0" * 500
    made = Mp3Splitter().feed(0, FRAME * 3 + noise + FRAME * 3)
    assert [s.data for s in made] == [FRAME] * 6


def test_noise_now_and_then_never_adds_up_to_too_much() -> None:
    made = Mp3Splitter().feed(0, (FRAME * 2 + b"\0" * 40_000) * 4)
    assert len(made) == 8


def test_too_much_noise_is_no_mp3() -> None:
    splitter = Mp3Splitter()
    made = splitter.feed(0, FRAME * 3 + b"\0" * 70_000)
    assert len(made) == 3
    with pytest.raises(MalformedMedia, match="no MP3 frame"):
        splitter.feed(splitter.offset, FRAME * 3)


def test_a_picture_of_megabytes_in_the_tag_is_passed_over_without_being_held() -> None:
    splitter = Mp3Splitter()
    for piece in cut(id3(5_000_000), range(0, 5_000_000, 65_536)):
        assert splitter.feed(splitter.offset, piece) == []
        assert held_bytes(splitter) < 10_000
    assert len(splitter.feed(splitter.offset, FRAME * 2)) == 2


def test_a_song_after_a_song_goes_on_in_time() -> None:
    song = id3(100) + XING + FRAME * 2 + ID3V1
    made = Mp3Splitter().feed(0, song + APE + song)
    assert [s.time_s for s in made] == pytest.approx([n * 1152 / 44_100 for n in range(4)])


def test_another_sample_rate_is_believed_after_two_frames_and_keeps_time() -> None:
    other = b"\xff\xfb\x94\x40" + b"y" * 380  # 48 kHz: 384 bytes
    made = Mp3Splitter().feed(0, FRAME * 2 + other * 3)
    assert [s.data for s in made] == [FRAME, FRAME, other, other, other]
    assert made[-1].time_s == pytest.approx(2 * 1152 / 44_100 + 2 * 1152 / 48_000)
