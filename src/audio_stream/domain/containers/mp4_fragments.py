"""Fragments of MP4: which bytes belong to the audio track, and a new fragment of only those."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING

from audio_stream.domain.containers.mp4_boxes import box, children, descend, read_uint
from audio_stream.domain.errors import MalformedMedia

if TYPE_CHECKING:
    from audio_stream.domain.containers.mp4_movie import Movie

# `tfhd` (ISO/IEC 14496-12 §8.8.7): optional fields of so many bytes, by flag, in this order.
_BASE_DATA_OFFSET = 0x000001
_DEFAULT_DURATION = 0x000008
_DEFAULT_SIZE = 0x000010
_TFHD_FIELDS = ((_BASE_DATA_OFFSET, 8), (0x2, 4), (_DEFAULT_DURATION, 4), (_DEFAULT_SIZE, 4))
_DEFAULT_BASE_IS_MOOF = 0x020000

# `trun` (§8.8.8).
_DATA_OFFSET = 0x000001
_FIRST_SAMPLE_FLAGS = 0x000004
_SAMPLE_DURATION = 0x000100
_SAMPLE_SIZE = 0x000200
_SAMPLE_FIELDS = (_SAMPLE_DURATION, _SAMPLE_SIZE, 0x000400, 0x000800)

_KEPT_IN_TRAF = (b"sbgp", b"sgpd")
_UINT = Struct(">I")
_TIME_END = 1 << 64


@dataclass(slots=True)
class Run:
    """A `trun`: samples that lie one after the other."""

    flags: int
    count: bytes
    rest: bytes
    """Its content after the data offset."""
    begin: int
    """Where the first sample lies, counted from the `moof`'s first byte."""
    end: int


@dataclass(slots=True)
class TrackFragment:
    """A `traf` of the audio track."""

    head: bytes
    """New `tfhd` and `tfdt`."""
    runs: list[Run]
    tail: bytes
    time: int
    """Of the first sample, in the track's timescale."""


@dataclass(slots=True)
class Fragment:
    """A `moof` of which only the audio track counts."""

    header: bytes
    parts: list[TrackFragment]
    next_time: int
    """When the next fragment begins, should it not say so itself."""

    @property
    def begin(self) -> int:
        """Where its first sample lies, counted from the `moof`'s first byte."""
        return min(run.begin for part in self.parts for run in part.runs)

    @property
    def end(self) -> int:
        """Where its last sample ends."""
        return max(run.end for part in self.parts for run in part.runs)

    @property
    def size_bytes(self) -> int:
        """How many bytes its samples have."""
        return sum(run.end - run.begin for part in self.parts for run in part.runs)

    def rewrite(self, buffer: bytes, at: int) -> bytes:
        """Return a `moof` and an `mdat` of the audio alone.

        `at` is where the old `moof` was, before the buffer's beginning as a rule.
        """
        size = 8 + len(self.header)
        for part in self.parts:
            size += 8 + len(part.head) + len(part.tail) + sum(20 + len(r.rest) for r in part.runs)
        offset = size + 8
        pieces, data = [self.header], []
        for part in self.parts:
            runs = []
            for run in part.runs:
                flags = _UINT.pack(run.flags | _DATA_OFFSET)
                runs.append(box(b"trun", flags, run.count, _UINT.pack(offset), run.rest))
                data.append(buffer[at + run.begin : at + run.end])
                offset += run.end - run.begin
            pieces.append(box(b"traf", part.head, *runs, part.tail))
        return box(b"moof", *pieces) + box(b"mdat", *data)


def read_fragment(data: bytes, offset: int, movie: Movie, next_time: int) -> Fragment:
    """Return the fragment whose `moof`, at spool `offset`, contains `data`.

    `next_time` is when it begins if it does not say so. Raises MalformedMedia.
    """
    header, parts, previous_end = b"", [], 0
    for kind, content, whole in children(data):
        if kind == b"mfhd":
            header = whole
        elif kind == b"traf":
            track_id = read_uint(descend(content, b"tfhd"), 4)
            part, duration, previous_end = _read_part(
                content, offset, previous_end, movie.defaults.get(track_id, (0, 0)), next_time
            )
            if track_id == movie.track_id and part.runs:
                parts.append(part)
                next_time = part.time + duration
    if next_time >= _TIME_END:
        raise MalformedMedia("an MP4 fragment lies beyond the end of time.")
    fragment = Fragment(header, parts, next_time)
    # Were they to overlap, a small fragment could be made to fill the memory.
    if parts and fragment.size_bytes > fragment.end - fragment.begin:
        raise MalformedMedia("an MP4 fragment's samples overlap.")
    return fragment


def _read_part(
    traf: bytes, offset: int, base: int, defaults: tuple[int, int], time: int
) -> tuple[TrackFragment, int, int]:
    """Return a track's fragment, its duration, and where its data ends.

    `base` is where the data of the one before it ends, from which it counts unless it says
    otherwise (§8.8.7.1).
    """
    header = descend(traf, b"tfhd")
    flags, at, fields = read_uint(header, 0), 8, {}
    for flag, width in _TFHD_FIELDS:
        if flags & flag:
            fields[flag] = read_uint(header, at, width)
            at += width
    if flags & _BASE_DATA_OFFSET:
        base = fields[_BASE_DATA_OFFSET] - offset
    elif flags & _DEFAULT_BASE_IS_MOOF:
        base = 0
    duration = fields.get(_DEFAULT_DURATION, defaults[0])
    size = fields.get(_DEFAULT_SIZE, defaults[1])
    flags = flags & ~_BASE_DATA_OFFSET | _DEFAULT_BASE_IS_MOOF
    rest = header[16:] if _BASE_DATA_OFFSET in fields else header[8:]
    head = box(b"tfhd", _UINT.pack(flags), header[4:8], rest)
    total, end, runs, kept, time_box = 0, base, [], [], b""
    for kind, content, whole in children(traf):
        if kind == b"tfdt":
            time, time_box = read_uint(content, 4, 8 if content[:1] == b"\1" else 4), whole
        elif kind == b"trun":
            run, run_duration = _read_run(content, base, end, duration, size)
            end = run.end
            total += run_duration
            if run.end > run.begin:
                runs.append(run)
        elif kind in _KEPT_IN_TRAF:
            kept.append(whole)
    time_box = time_box or box(b"tfdt", b"\1\0\0\0", time.to_bytes(8, "big"))
    return TrackFragment(head + time_box, runs, b"".join(kept), time), total, end


def _read_run(
    trun: bytes, base: int, previous_end: int, duration: int, size: int
) -> tuple[Run, int]:
    """Return a run of samples and its duration."""
    flags, count, at = read_uint(trun, 0), read_uint(trun, 4), 8
    begin = previous_end
    if flags & _DATA_OFFSET:
        distance = read_uint(trun, at)
        begin = base + distance - (distance >> 31 << 32)
        at += 4
    rest = trun[at:]
    table = rest[4:] if flags & _FIRST_SAMPLE_FLAGS else rest
    present = [flag for flag in _SAMPLE_FIELDS if flags & flag]
    if present and len(table) != 4 * count * len(present):
        raise MalformedMedia("an MP4 fragment's table of samples has a wrong size.")
    durations, sizes = duration * count, size * count
    if present:
        cells = memoryview(table).cast("B")
        numbers = Struct(f">{len(cells) // 4}I").unpack(cells)
        if flags & _SAMPLE_DURATION:
            durations = sum(numbers[:: len(present)])
        if flags & _SAMPLE_SIZE:
            sizes = sum(numbers[present.index(_SAMPLE_SIZE) :: len(present)])
    return Run(flags, trun[4:8], rest, begin, begin + sizes), durations
