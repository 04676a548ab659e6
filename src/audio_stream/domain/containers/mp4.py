"""Fragmented MP4, split so that every fragment is a segment."""

from __future__ import annotations

from audio_stream.domain.containers import mp4_boxes
from audio_stream.domain.containers.buffered import BufferedSplitter
from audio_stream.domain.containers.mp4_fragments import Fragment, read_fragment
from audio_stream.domain.containers.mp4_movie import Movie, read_movie
from audio_stream.domain.containers.segments import MediaSegment
from audio_stream.domain.errors import MalformedMedia

_MAX_FILE_TYPE_BYTES = 4096
_MAX_SKIPPED_BYTES = 1 << 30
_ENDLESS = 1 << 62


class Mp4Splitter(BufferedSplitter):
    """Writes every `moof` and its `mdat` anew, with the first audio track alone.

    Positions in them count from the new `moof`, so that they hold wherever a listener joins. All
    other boxes are skipped, later `ftyp` and `moov` too: encoders repeat them. So is a `moof`
    that is followed by another one before any `mdat`: WebKit writes its last one twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self._file_type: bytes | None = None
        self._movie: Movie | None = None
        self._fragment: Fragment | None = None
        """The last `moof`, while its `mdat` has not come."""
        self._fragment_offset = 0
        self._next_time = 0

    def _take(self, buffer: bytes, start: int, segments: list[MediaSegment]) -> tuple[int, int]:
        at, end = 0, len(buffer)
        while (header := mp4_boxes.read_header(buffer, at)) is not None:
            box_type, size, data_at = header
            self._check(box_type, size)
            after = at + (_ENDLESS if size == mp4_boxes.TO_THE_END else size)
            if box_type == b"mdat":
                needed = self._read_data(buffer, (data_at, after), start, segments)
                if needed > end:
                    return at, needed - at
            elif self._wants(box_type):
                if after > end:
                    return at, size
                self._read(box_type, buffer[at:after], data_at - at, start + at)
            at = after
        return at, max(1, end - at + 1)

    def _check(self, box_type: bytes, size: int) -> None:
        """Raise MalformedMedia if the box may not be here."""
        if self._file_type is None and (box_type != b"ftyp" or size > _MAX_FILE_TYPE_BYTES):
            raise MalformedMedia("an MP4 begins with something else than its file type.")
        if self._movie is None and box_type in (b"moof", b"mdat"):
            raise MalformedMedia("an MP4 must be fragmented to go on air.")
        if size == mp4_boxes.TO_THE_END and box_type != b"mdat":
            raise MalformedMedia(f"the box {box_type.decode('latin-1')} has no size.")
        if size > _MAX_SKIPPED_BYTES:
            raise MalformedMedia(f"the box {box_type.decode('latin-1')} claims {size} bytes.")

    def _wants(self, box_type: bytes) -> bool:
        return (
            box_type == b"moof"
            or (box_type == b"ftyp" and self._file_type is None)
            or (box_type == b"moov" and self._movie is None)
        )

    def _read(self, box_type: bytes, box: bytes, data_at: int, offset: int) -> None:
        if box_type == b"ftyp":
            self._file_type = box
        elif self._movie is None:
            self._movie = read_movie(box[data_at:])
            self._media_type = self._movie.media_type
            self._initialization = (self._file_type or b"") + self._movie.element
        else:
            fragment = read_fragment(box[data_at:], offset, self._movie, self._next_time)
            self._fragment = fragment if fragment.parts else None
            self._fragment_offset = offset

    def _read_data(
        self, buffer: bytes, mdat: tuple[int, int], start: int, segments: list[MediaSegment]
    ) -> int:
        """Make a segment of the `mdat`, if it has our samples, and return where they end.

        `mdat` is where its data begins and ends.
        """
        if self._fragment is None or self._movie is None:
            return 0
        fragment, moof_at = self._fragment, self._fragment_offset - start
        begin, end = moof_at + fragment.begin, moof_at + fragment.end
        if begin >= mdat[1]:
            return 0  # they are in the next `mdat`
        if begin < mdat[0] or end > mdat[1]:
            raise MalformedMedia("an MP4 fragment's samples lie outside of its data.")
        if end <= len(buffer):
            time_s = fragment.parts[0].time / self._movie.timescale_hz
            data = fragment.rewrite(buffer, moof_at)
            segments.append(MediaSegment(data, time_s, start + end))
            self._next_time = fragment.next_time
            self._fragment = None
        return end
