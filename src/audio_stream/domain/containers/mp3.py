"""MP3, split so that every frame is a segment."""

from __future__ import annotations

from audio_stream.domain.containers.buffered import BufferedSplitter
from audio_stream.domain.containers.mpeg_audio import (
    ID3_HEADER_BYTES,
    MPEG_HEADER_BYTES,
    MpegFrame,
    id3_size,
    parse_mpeg_header,
)
from audio_stream.domain.containers.segments import MediaSegment
from audio_stream.domain.errors import MalformedMedia

_MAX_NOISE_BYTES = 1 << 16

_ID3V1, _ID3V1_BYTES = b"TAG", 128
_APE, _APE_HEADER_BYTES = b"APETAGEX", 32
_TAGS = ((b"ID3", ID3_HEADER_BYTES), (_ID3V1, len(_ID3V1)), (_APE, _APE_HEADER_BYTES))

# An encoder's first frame tells of the file, its length above all, and sounds silent.
_FILE_FRAME_MARKS = (b"Xing", b"Info")
_VBRI_MARK, _VBRI_AT = b"VBRI", MPEG_HEADER_BYTES + 32


class Mp3Splitter(BufferedSplitter):
    """Cuts a stream of frames into frames; a decoder needs nothing ahead of them.

    It believes in a first frame, and in the first one after noise, when another one of the same
    kind follows: random bytes look like one header easily, like two hardly ever. ID3 and APE tags
    and an encoder's frame about the file are left out. Times are counted from the samples.
    """

    def __init__(self) -> None:
        super().__init__()
        self._fixed: int | None = None
        """What the frames have in common; None until two have been seen in a row."""
        self._noise_bytes = 0
        self._rate_hz = 1
        self._start_s = 0.0
        self._samples = 0

    def _take(self, buffer: bytes, start: int, segments: list[MediaSegment]) -> tuple[int, int]:
        at, end = 0, len(buffer)
        while end - at >= MPEG_HEADER_BYTES:
            frame = parse_mpeg_header(buffer[at : at + MPEG_HEADER_BYTES])
            if frame is None:
                needed, size = self._pass_over(buffer, at)
                if needed > end - at:
                    return at, needed
                at += size
                continue
            in_sync = frame.fixed == self._fixed
            needed = frame.size_bytes + (0 if in_sync else MPEG_HEADER_BYTES)
            if needed > end - at:
                return at, needed
            after = at + frame.size_bytes
            if in_sync or self._begins(frame, buffer[after : after + MPEG_HEADER_BYTES]):
                self._noise_bytes = 0
                if not _tells_of_the_file(frame, buffer, at):
                    time_s = self._start_s + self._samples / self._rate_hz
                    segments.append(MediaSegment(buffer[at:after], time_s, start + after))
                    self._samples += frame.samples
                at = after
            else:
                at += self._noise(buffer, at)
        return at, MPEG_HEADER_BYTES

    def _begins(self, frame: MpegFrame, next_header: bytes) -> bool:
        """Tell whether the stream begins here, or goes on after noise."""
        following = parse_mpeg_header(next_header)
        if following is None or following.fixed != frame.fixed:
            return False
        self._start_s += self._samples / self._rate_hz
        self._samples = 0
        self._fixed, self._rate_hz = frame.fixed, frame.rate_hz
        self._initialization, self._media_type = b"", "audio/mpeg"
        return True

    def _pass_over(self, buffer: bytes, at: int) -> tuple[int, int]:
        """Return how many bytes it takes to see what is not a frame here, and its size."""
        for mark, needed in _TAGS:
            if buffer.startswith(mark[:MPEG_HEADER_BYTES], at):
                head = buffer[at : at + needed]
                if len(head) < needed:
                    return needed, 0
                size = _tag_size(head)
                if size:
                    return needed, size
        return 0, self._noise(buffer, at)

    def _noise(self, buffer: bytes, at: int) -> int:
        """Return how far the next possible frame is. Raises MalformedMedia after too much noise."""
        self._fixed = None
        found = buffer.find(b"\xff", at + 1)
        distance = (found if found > 0 else len(buffer)) - at
        self._noise_bytes += distance
        if self._noise_bytes > _MAX_NOISE_BYTES:
            raise MalformedMedia(f"there is no MP3 frame in {_MAX_NOISE_BYTES} bytes.")
        return distance


def _tag_size(head: bytes) -> int:
    """Return the size in bytes of the tag that begins so; 0 if it is none."""
    if head == _ID3V1:
        return _ID3V1_BYTES
    if head.startswith(_APE):
        return _APE_HEADER_BYTES + int.from_bytes(head[12:16], "little")
    return id3_size(head) or 0


def _tells_of_the_file(frame: MpegFrame, buffer: bytes, at: int) -> bool:
    mark_at = at + MPEG_HEADER_BYTES + frame.side_info_bytes
    return buffer.startswith(_FILE_FRAME_MARKS, mark_at) or buffer.startswith(
        _VBRI_MARK, at + _VBRI_AT
    )
