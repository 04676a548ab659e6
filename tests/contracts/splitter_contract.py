"""What every splitter must do. Subclass it and name the container and what to feed it."""

from __future__ import annotations

import pickle
from abc import abstractmethod
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from audio_stream.domain.containers.sniffing import Container, new_splitter, sniff
from audio_stream.domain.errors import MalformedMedia

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audio_stream.domain.containers.segments import MediaSegment, Splitter

SAMPLES = Path(__file__).parents[1] / "samples"

few = settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)


@cache
def sample(name: str) -> bytes:
    """Return a recorder's real output."""
    return (SAMPLES / name).read_bytes()


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """Return the pieces of `data` cut at `places`."""
    ends = [*sorted(places), len(data)]
    return [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]


def feed_all(splitter: Splitter, pieces: Iterable[bytes]) -> list[MediaSegment]:
    """Return the segments that all pieces make."""
    return [s for piece in pieces for s in splitter.feed(splitter.offset, piece)]


def feed_what_can_be(splitter: Splitter, pieces: Iterable[bytes]) -> tuple[list[bytes], bool]:
    """Return the segments of what may be damaged, and whether the splitter broke on it."""
    made: list[bytes] = []
    try:
        for piece in pieces:
            made += [s.data for s in splitter.feed(splitter.offset, piece)]
        splitter.feed(splitter.offset, b"")
    except MalformedMedia:
        return made, True
    return made, False


def held_bytes(splitter: Splitter) -> int:
    """Return how much it holds on to, whatever its insides look like."""
    return len(pickle.dumps(splitter))


class SplitterContract:
    """The interface's promises, for one container."""

    container: ClassVar[Container]
    sample_names: ClassVar[tuple[str, ...]]
    fewest_segments: ClassVar[int] = 1
    """So many must come before the first can be told from noise."""

    @staticmethod
    @abstractmethod
    def generated() -> st.SearchStrategy[bytes]:
        """Return files of every legal shape."""

    @staticmethod
    def comparable(segment: bytes) -> bytes:
        """Return a segment without what depends on where one joined."""
        return segment

    def splitter(self) -> Splitter:
        return new_splitter(self.container)

    def inputs(self) -> st.SearchStrategy[bytes]:
        return st.sampled_from([sample(n)[:20_000] for n in self.sample_names]) | self.generated()

    def test_every_sample_is_told_by_its_first_bytes(self) -> None:
        assert [sniff(sample(n)) for n in self.sample_names] == [self.container] * len(
            self.sample_names
        )

    def test_every_sample_gives_segments_in_the_order_of_their_offsets_and_times(self) -> None:
        for name in self.sample_names:
            segments = self.splitter().feed(0, sample(name))
            assert len(segments) > 5
            ends = [s.end_offset for s in segments]
            assert ends == sorted(set(ends))
            assert len(sample(name)) >= ends[-1] > 0.98 * len(sample(name))
            times = [s.time_s for s in segments]
            assert times == sorted(set(times))

    @few
    @given(data=st.data())
    def test_every_chunking_gives_the_same(self, data: st.DataObject) -> None:
        media = data.draw(self.inputs())
        places = data.draw(st.lists(st.integers(0, len(media)), max_size=30))
        whole, pieces = self.splitter(), self.splitter()
        assert feed_all(pieces, cut(media, places)) == whole.feed(0, media)
        assert pieces.initialization == whole.initialization is not None
        assert pieces.media_type == whole.media_type
        assert pieces.offset == whole.offset == len(media)

    def test_bytes_one_at_a_time_give_the_same(self) -> None:
        media = sample(self.sample_names[0])[:30_000]
        single = feed_all(self.splitter(), (media[n : n + 1] for n in range(len(media))))
        assert single == self.splitter().feed(0, media)

    @few
    @given(data=st.data())
    def test_what_it_made_is_made_of_itself_again_from_any_segment_on(
        self, data: st.DataObject
    ) -> None:
        media = data.draw(self.inputs())
        first = self.splitter()
        segments = first.feed(0, media)
        assert first.initialization is not None
        assume(len(segments) >= self.fewest_segments)
        suffix = segments[data.draw(st.integers(0, len(segments) - self.fewest_segments)) :]
        second = self.splitter()
        again = second.feed(0, first.initialization + b"".join(s.data for s in suffix))
        assert [self.comparable(s.data) for s in again] == [self.comparable(s.data) for s in suffix]
        if suffix or first.initialization:
            assert second.initialization == first.initialization
            assert second.media_type == first.media_type

    def test_bytes_seen_before_are_ignored(self) -> None:
        media = sample(self.sample_names[0])
        splitter = self.splitter()
        first = splitter.feed(0, media[:9000])
        assert splitter.feed(100, media[100:5000]) == []
        assert splitter.offset == 9000
        assert first + splitter.feed(4000, media[4000:]) == self.splitter().feed(0, media)

    def test_a_gap_is_the_callers_mistake(self) -> None:
        splitter = self.splitter()
        splitter.feed(0, sample(self.sample_names[0])[:100])
        with pytest.raises(ValueError, match="gap"):
            splitter.feed(101, b"x")

    def test_cutting_after_a_segment_keeps_exactly_the_segments_before(self) -> None:
        media = sample(self.sample_names[0])
        segments = self.splitter().feed(0, media)
        third = segments[2]
        assert self.splitter().feed(0, media[: third.end_offset]) == segments[:3]
        assert self.splitter().feed(0, media[: third.end_offset - 1]) == segments[:2]

    @few
    @given(data=st.data())
    def test_damage_gives_the_same_in_every_chunking_and_one_error(
        self, data: st.DataObject
    ) -> None:
        media = bytearray(data.draw(self.inputs()))
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(media) - 1))
            media[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
        places = data.draw(st.lists(st.integers(0, len(media)), max_size=10))
        made = feed_what_can_be(self.splitter(), cut(bytes(media), places))
        assert made == feed_what_can_be(self.splitter(), [bytes(media)])

    @few
    @given(noise=st.binary(max_size=300), keep=st.integers(0, 900))
    def test_noise_raises_nothing_but_the_one_error(self, noise: bytes, keep: int) -> None:
        splitter = self.splitter()
        media = sample(self.sample_names[0])[:keep] + noise * 50
        feed_what_can_be(splitter, cut(media, range(0, len(media), 997)))
        assert held_bytes(splitter) < splitter.max_held_bytes + 100_000

    @pytest.mark.parametrize("byte", [0x00, 0x01, 0x1A, 0x47, 0x7F, 0x80, 0xEC, 0xFF])
    @pytest.mark.parametrize("keep", [0, 2000])
    def test_more_of_one_byte_than_may_be_held_is_dropped(self, byte: int, keep: int) -> None:
        splitter = self.splitter()
        media = sample(self.sample_names[0])[:keep] + bytes([byte]) * 1_500_000
        feed_what_can_be(splitter, cut(media, range(0, len(media), 65_536)))
        assert held_bytes(splitter) < splitter.max_held_bytes + 100_000

    def test_once_broken_it_stays_so_and_says_the_same(self) -> None:
        splitter = self.splitter()
        noise = bytes(range(1, 250)) * 6000
        with pytest.raises(MalformedMedia) as first:
            splitter.feed(0, noise)
        good = sample(self.sample_names[0])
        with pytest.raises(MalformedMedia) as second:
            splitter.feed(splitter.offset, good)
        assert first.value.detail == second.value.detail
        assert splitter.offset == len(noise) + len(good)

    def test_segments_before_the_damage_are_not_lost(self) -> None:
        media = sample(self.sample_names[0])
        good = self.splitter().feed(0, media)[:4]
        splitter = self.splitter()
        noise = bytes(range(1, 250)) * 6000
        made = splitter.feed(0, media[: good[-1].end_offset] + noise)
        assert made == good
        with pytest.raises(MalformedMedia):
            splitter.feed(splitter.offset, b"")
