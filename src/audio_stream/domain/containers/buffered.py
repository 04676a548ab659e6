"""What all splitters have in common: whatever the chunks, they see whole elements."""

from __future__ import annotations

from abc import abstractmethod

from audio_stream.domain.containers.segments import MediaSegment, Splitter
from audio_stream.domain.errors import MalformedMedia

_WINDOW_BYTES = 1 << 16


class BufferedSplitter(Splitter):
    """Holds an incomplete element until its last byte has come, and skips what nobody wants.

    Each byte is copied a bounded number of times, however the input was cut: a subclass says how
    many bytes it needs before it is worth asking again.
    """

    def __init__(self) -> None:
        self._offset = 0
        self._buffer = bytearray()
        self._needed = 1
        self._to_skip = 0
        self._failure: str | None = None
        self._initialization: bytes | None = None
        self._media_type: str | None = None

    @property
    def initialization(self) -> bytes | None:
        """The initialization segment, once its last byte has come."""
        return self._initialization

    @property
    def media_type(self) -> str | None:
        """The MIME type with codecs as sniffed, with the above."""
        return self._media_type

    @property
    def offset(self) -> int:
        """The spool offset it has seen everything up to."""
        return self._offset

    def feed(self, offset: int, data: bytes) -> list[MediaSegment]:
        """Return the segments that `data`, which lies at spool `offset`, completes."""
        if offset > self._offset:
            raise ValueError(f"There is a gap between {self._offset} and {offset}.")
        segments: list[MediaSegment] = []
        seen = self._offset - offset
        # Windows keep the copy small when 50 MB come at once.
        for at in range(seen, len(data), _WINDOW_BYTES):
            if self._failure is None:
                self._feed_window(data[at : at + _WINDOW_BYTES], segments)
        self._offset = max(self._offset, offset + len(data))
        if self._failure is not None and not segments:
            raise MalformedMedia(self._failure)
        return segments

    def _feed_window(self, data: bytes, segments: list[MediaSegment]) -> None:
        end = self._offset = self._offset + len(data)
        skipped = min(self._to_skip, len(data))
        self._to_skip -= skipped
        if skipped:
            data = data[skipped:]
        if len(self._buffer) + len(data) < self._needed:
            self._buffer += data
            return
        whole = bytes(self._buffer) + data if self._buffer else data
        try:
            consumed, self._needed = self._take(whole, end - len(whole), segments)
        except MalformedMedia as error:
            self._fail(error.detail)
            return
        self._to_skip = max(0, consumed - len(whole))
        self._buffer = bytearray(whole[consumed:])
        if self._needed > self.max_held_bytes:
            self._fail(f"one element is larger than {self.max_held_bytes} bytes.")

    def _fail(self, reason: str) -> None:
        self._failure = reason
        self._buffer.clear()

    @abstractmethod
    def _take(self, buffer: bytes, start: int, segments: list[MediaSegment]) -> tuple[int, int]:
        """Consume the whole elements of `buffer`, which lies at spool offset `start`.

        Appends the segments they make. Returns how many bytes were consumed, more than there are
        to skip what is still to come, and how many must be there after those before the next
        call (at least 1). Raises MalformedMedia.
        """
