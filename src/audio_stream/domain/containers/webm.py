"""WebM and Matroska, split so that every block is a segment of its own."""

from __future__ import annotations

from audio_stream.domain.containers import ebml
from audio_stream.domain.containers.buffered import BufferedSplitter
from audio_stream.domain.containers.segments import MediaSegment
from audio_stream.domain.containers.webm_blocks import (
    BLOCK_GROUP,
    PEEK_BYTES,
    SIMPLE_BLOCK,
    find_block,
    make_cluster,
    peek_block,
)
from audio_stream.domain.containers.webm_headers import (
    INFO,
    NO_INFO,
    TRACKS,
    Info,
    Track,
    read_info,
    read_tracks,
)
from audio_stream.domain.errors import MalformedMedia

_SEGMENT = 0x18538067
_CLUSTER = 0x1F43B675
_TIMESTAMP = 0xE7
_BEFORE_SEGMENT = (ebml.EBML_HEADER, ebml.VOID, ebml.CRC_32)
_IN_CLUSTER = (SIMPLE_BLOCK, BLOCK_GROUP, _TIMESTAMP)

_SEGMENT_OF_UNKNOWN_SIZE = b"\x18\x53\x80\x67\x01" + b"\xff" * 7
_MAX_EBML_HEADER_BYTES = 4096
_MAX_SKIPPED_BYTES = 1 << 30
_MAX_TIMESTAMP = 1 << 62
_TIME_AND_FLAGS_BYTES = 3
_NS_PER_S = 1_000_000_000


class WebmSplitter(BufferedSplitter):
    """Makes a cluster of known size out of every block of the first audio track, at once.

    The source's own clusters may be of any size, known or not. Only their times matter, so that
    Segment and Cluster are entered and never left, and what is in them is told apart by its ID
    alone. Times stay absolute in the source's TimestampScale; all else in a block or a block
    group stays byte for byte (RFC 9559 §5.1.3).
    """

    def __init__(self) -> None:
        super().__init__()
        self._ebml_header: bytes | None = None
        self._in_segment = False
        self._in_cluster = False
        self._info: Info | None = None
        self._track: Track | None = None
        self._track_number = 0
        self._scale_ns = 0
        self._cluster_time: int | None = None

    def _take(self, buffer: bytes, start: int, segments: list[MediaSegment]) -> tuple[int, int]:
        at, end = 0, len(buffer)
        while (header := ebml.read_header(buffer, at)) is not None:
            element_id, size, data_at = header
            if element_id in (_SEGMENT, _CLUSTER):
                self._enter(element_id)
                at = data_at
                continue
            after = data_at + size
            if not self._wants(element_id, size):
                at = after
                continue
            if after > end:
                if end - at < PEEK_BYTES:
                    return at, min(after - at, PEEK_BYTES)
                if not self._is_foreign(element_id, buffer, data_at):
                    return at, after - at
            elif element_id in (SIMPLE_BLOCK, BLOCK_GROUP):
                block_at = find_block(buffer, element_id, data_at, after)
                time_at = self._time_at(buffer, block_at, after)
                if time_at:
                    time = self._time(buffer, time_at)
                    cluster = make_cluster(buffer, at, after, time_at, time)
                    time_s = time * self._scale_ns / _NS_PER_S
                    segments.append(MediaSegment(cluster, time_s, start + after))
            else:
                self._read(element_id, buffer[at:after], data_at - at)
            at = after
        return at, max(1, end - at + 1)

    def _enter(self, element_id: int) -> None:
        if element_id == _SEGMENT:
            if self._ebml_header is None or self._in_segment:
                raise MalformedMedia("a Segment begins where none may be.")
            self._in_segment = True
            return
        if self._track is None:
            raise MalformedMedia("a Cluster comes before the Tracks.")
        self._info = self._info or NO_INFO
        self._complete_initialization()
        self._in_cluster = True
        self._cluster_time = None

    def _wants(self, element_id: int, size: int) -> bool:
        """Tell whether the element is read, not skipped. Raises MalformedMedia if it may not be."""
        if size == ebml.UNKNOWN_SIZE:
            raise MalformedMedia(f"the element 0x{element_id:X} has no size.")
        if element_id in _IN_CLUSTER:
            if not self._in_cluster:
                raise MalformedMedia("a block comes before any Cluster.")
            return True
        if not self._in_segment:
            allowed = _BEFORE_SEGMENT if self._ebml_header else _BEFORE_SEGMENT[:1]
            if element_id not in allowed:
                raise MalformedMedia(f"the element 0x{element_id:X} comes before the Segment.")
        if element_id == ebml.EBML_HEADER:
            if self._ebml_header or size > _MAX_EBML_HEADER_BYTES:
                raise MalformedMedia("an EBML header begins where none may be, or is too large.")
            return True
        if size > _MAX_SKIPPED_BYTES:
            raise MalformedMedia(f"the element 0x{element_id:X} claims {size} bytes.")
        return (element_id == INFO and self._info is None) or (
            element_id == TRACKS and self._track is None
        )

    def _is_foreign(self, element_id: int, buffer: bytes, data_at: int) -> bool:
        """Tell whether this is another track's block, as far as its beginning shows."""
        if element_id not in (SIMPLE_BLOCK, BLOCK_GROUP):
            return False
        block_at = peek_block(buffer, element_id, data_at)
        return bool(block_at) and not self._time_at(buffer, block_at, len(buffer))

    def _read(self, element_id: int, element: bytes, data_at: int) -> None:
        data = element[data_at:]
        if element_id == _TIMESTAMP:
            self._cluster_time = ebml.read_uint(data)
            if self._cluster_time > _MAX_TIMESTAMP:
                raise MalformedMedia(f"a Cluster begins at {self._cluster_time} ticks.")
        elif element_id == ebml.EBML_HEADER:
            self._ebml_header = element
        elif element_id == INFO:
            self._info = read_info(data)
            self._complete_initialization()
        else:
            self._track = read_tracks(data)
            self._complete_initialization()

    def _complete_initialization(self) -> None:
        if self._initialization is None and self._ebml_header and self._info and self._track:
            head = self._ebml_header + _SEGMENT_OF_UNKNOWN_SIZE
            self._initialization = head + self._info.element + self._track.element
            self._media_type = self._track.media_type
            self._track_number = self._track.number
            self._scale_ns = self._info.timestamp_scale_ns

    def _time_at(self, buffer: bytes, block_at: int, end: int) -> int:
        """Return where our block's relative time lies; 0 when it is another track's."""
        number, time_at = ebml.read_vint(buffer, block_at, end)
        if time_at + _TIME_AND_FLAGS_BYTES > end:
            raise MalformedMedia("a block ends within its header.")
        return time_at if number == self._track_number else 0

    def _time(self, buffer: bytes, time_at: int) -> int:
        if self._cluster_time is None:
            raise MalformedMedia("a block comes before its Cluster's Timestamp.")
        relative = buffer[time_at] << 8 | buffer[time_at + 1]
        return self._cluster_time + (relative ^ 0x8000) - 0x8000
