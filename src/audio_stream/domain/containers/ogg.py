"""Ogg with Opus, Vorbis or FLAC, split at the ends of pages."""

from __future__ import annotations

from audio_stream.domain.containers.buffered import BufferedSplitter
from audio_stream.domain.containers.ogg_codecs import Codec, read_codec
from audio_stream.domain.containers.ogg_pages import (
    CAPTURE,
    CONTINUED,
    FIRST,
    FULL,
    HEADER_BYTES,
    Page,
    lay_out,
    make_page,
    read_page,
)
from audio_stream.domain.containers.segments import MediaSegment
from audio_stream.domain.errors import MalformedMedia

_MAX_HEADERS = 200
_MAX_POSITION = 1 << 62


class OggSplitter(BufferedSplitter):
    """Makes pages of the packets that end on each page of the first audio stream.

    One logical stream comes out: where the source chains another one (as it does for each song's
    title), its headers are dropped and its pages go on with the first one's serial number,
    numbering and time, for browsers break at chained streams. That takes the same codec and
    settings; with others it is MalformedMedia. So that it can go on, no page says it is the last.
    Streams beside the audio, and pages with a wrong checksum, are left out.
    """

    def __init__(self) -> None:
        super().__init__()
        self._among_first_pages = False
        self._codec: Codec | None = None
        self._serial = 0
        self._headers: list[bytes] = []
        self._in_headers = True
        self._partial = bytearray()
        """A packet that goes on on the next page."""
        self._signature: tuple[bytes, ...] | None = None
        self._out_serial = 0
        self._sequence = 0
        self._position: int | None = None
        """Where the last page written ends, and the next one begins."""
        self._shift: int | None = 0
        """From the source's positions to ours; None until a chained stream's first audio page."""

    def _take(self, buffer: bytes, start: int, segments: list[MediaSegment]) -> tuple[int, int]:
        at, end = 0, len(buffer)
        while end - at >= HEADER_BYTES:
            if not buffer.startswith(CAPTURE, at):
                raise MalformedMedia("there is no Ogg page where one must be.")
            body_at = at + HEADER_BYTES + buffer[at + HEADER_BYTES - 1]
            if body_at > end:
                return at, body_at - at
            after = body_at + sum(buffer[at + HEADER_BYTES : body_at])
            if after > end:
                return at, after - at
            page = read_page(buffer[at:after])
            if page is not None:
                self._read(page, start + after, segments)
            at = after
        return at, HEADER_BYTES

    def _read(self, page: Page, end_offset: int, segments: list[MediaSegment]) -> None:
        if page.flags & FIRST:
            self._choose(page)
        elif self._codec is None:
            raise MalformedMedia("it has no stream of Opus, Vorbis or FLAC.")
        else:
            self._among_first_pages = False
        if self._codec is None or page.serial != self._serial:
            return
        packets = self._packets(page)
        while packets and self._in_headers:
            self._read_header(packets.pop(0), self._codec)
        if packets:
            segments.append(self._segment(packets, page.position, self._codec, end_offset))

    def _choose(self, page: Page) -> None:
        """Follow the stream of this first page if none of those beside it is followed yet."""
        if not self._among_first_pages:
            self._among_first_pages = True
            self._codec = None
        codec = read_codec(page.body)
        if self._codec is None and codec is not None:
            self._codec, self._serial = codec, page.serial
            self._headers, self._in_headers = [], True
            self._partial.clear()

    def _packets(self, page: Page) -> list[bytes]:
        """Return the packets that end on the page; one whose beginning is lost is left out."""
        packets, begin, at = [], 0, 0
        for size in page.lacing:
            at += size
            if size < FULL:
                packets.append(page.body[begin:at])
                begin = at
        goes_on = page.flags & CONTINUED
        if not goes_on:
            self._partial.clear()
        is_lost = goes_on and not self._partial
        if packets:
            packets[0] = bytes(self._partial) + packets[0]
            self._partial = bytearray(page.body[begin:])
            return packets[1:] if is_lost else packets
        if not is_lost:
            self._partial += page.body
        if len(self._partial) > self.max_held_bytes:
            raise MalformedMedia(f"one packet is larger than {self.max_held_bytes} bytes.")
        return []

    def _read_header(self, packet: bytes, codec: Codec) -> None:
        self._headers.append(packet)
        if len(self._headers) > _MAX_HEADERS or sum(map(len, self._headers)) > self.max_held_bytes:
            raise MalformedMedia(f"its headers are larger than {self.max_held_bytes} bytes.")
        if not codec.is_complete(self._headers):
            return
        self._in_headers = False
        signature = (codec.name.encode(), *codec.signature(self._headers))
        if self._signature is None:
            self._signature = signature
            self._out_serial = self._serial
            first, *others = codec.live_headers(self._headers)
            pages = lay_out([first], 0, self._serial, FIRST)
            self._initialization = self._number(pages + lay_out(others, 0, self._serial))
            self._media_type = f"audio/ogg;codecs={codec.name}"
        elif signature != self._signature:
            raise MalformedMedia("a stream with other settings follows the first.")
        else:
            self._shift = None
        self._headers = []

    def _segment(
        self, packets: list[bytes], position: int, codec: Codec, end_offset: int
    ) -> MediaSegment:
        # A relay's stream may begin at any position. At least so many samples end on this page:
        begin = max(0, position - len(packets) * codec.max_packet_samples)
        if self._position is None:
            self._position = begin
        if self._shift is None:
            self._shift = self._position + codec.joint_samples - begin
        time_s = self._position / codec.rate_hz
        if not 0 <= position <= _MAX_POSITION or position + self._shift > _MAX_POSITION:
            raise MalformedMedia(f"a page ends at the position {position}.")
        self._position = position + self._shift
        pages = lay_out(packets, self._position, self._out_serial)
        return MediaSegment(self._number(pages), time_s, end_offset)

    def _number(self, pages: list[Page]) -> bytes:
        first, self._sequence = self._sequence, self._sequence + len(pages)
        return b"".join(make_page(page, number) for number, page in enumerate(pages, first))
