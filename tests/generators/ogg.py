"""Writes and reads Ogg without a look at the product: the two must not share a mistake."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import cycle

from hypothesis import strategies as st

from generators.webm import opus_packet

CONTINUED, FIRST, LAST = 1, 2, 4
PACKET_SAMPLES = 960

OPUS_HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 312, 48_000, 0, 0)
OPUS_TAGS = b"OpusTags" + struct.pack("<I3sI", 3, b"gen", 0)
VORBIS_HEAD = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 2, 48_000, 0, 0, 0, 0xB8, 1)
VORBIS_TAGS = b"\x03vorbis" + struct.pack("<I3sI", 3, b"gen", 0) + b"\1"
VORBIS_SETUP = b"\x05vorbis" + b"setup" * 900
STREAM_INFO = struct.pack(">HH", 960, 960) + b"\0" * 6
STREAM_INFO += ((48_000 << 44) | (1 << 41) | (15 << 36) | 12_345).to_bytes(8, "big") + b"m" * 16
FLAC_HEAD = b"\x7fFLAC\1\0\0\1fLaC" + b"\0\0\0\x22" + STREAM_INFO
FLAC_TAGS = b"\x84\0\0\x0b" + struct.pack("<I3sI", 3, b"gen", 0)
HEADERS = {
    "opus": (OPUS_HEAD, OPUS_TAGS),
    "vorbis": (VORBIS_HEAD, VORBIS_TAGS, VORBIS_SETUP),
    "flac": (FLAC_HEAD, FLAC_TAGS),
}


def _crc_of_byte(byte: int) -> int:
    value = byte << 24
    for _ in range(8):
        value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
    return value


CRCS = [_crc_of_byte(byte) for byte in range(256)]


def crc(data: bytes) -> int:
    """Return Ogg's checksum, byte by byte as RFC 3533 §6 has it."""
    value = 0
    for byte in data:
        value = (value << 8 ^ CRCS[value >> 24 ^ byte]) & 0xFFFFFFFF
    return value


def page(flags: int, position: int, serial: int, number: int, packets: list[bytes]) -> bytes:
    """Return a page of whole packets."""
    return page_of(flags, position, (serial, number), lace(packets))


def page_of(
    flags: int, position: int, place: tuple[int, int], content: tuple[bytes, bytes]
) -> bytes:
    """Return a page with this serial and page number, lacing values and body."""
    lacing, body = content
    head = struct.pack("<4sBBqII", b"OggS", 0, flags, position, *place)
    tail = bytes([len(lacing)]) + lacing + body
    return head + struct.pack("<I", crc(head + b"\0\0\0\0" + tail)) + tail


@dataclass(frozen=True)
class ReadPage:
    """A page that was read."""

    flags: int
    position: int
    serial: int
    number: int
    lacing: bytes
    body: bytes


def read_pages(data: bytes) -> list[ReadPage]:
    """Return all pages; their checksums are right."""
    pages, at = [], 0
    while at < len(data):
        magic, _, flags, position, serial, number, checksum, count = struct.unpack_from(
            "<4sBBqIIIB", data, at
        )
        lacing = data[at + 27 : at + 27 + count]
        end = at + 27 + count + sum(lacing)
        assert magic == b"OggS"
        assert crc(data[at : at + 22] + b"\0\0\0\0" + data[at + 26 : end]) == checksum
        pages.append(ReadPage(flags, position, serial, number, lacing, data[at + 27 + count : end]))
        at = end
    return pages


def packets_of(pages: list[ReadPage]) -> list[bytes]:
    """Return the packets that lie whole on the pages."""
    packets, packet = [], b""
    for read in pages:
        assert bool(read.flags & CONTINUED) == bool(packet)
        at = 0
        for size in read.lacing:
            packet += read.body[at : at + size]
            at += size
            if size < 255:
                packets.append(packet)
                packet = b""
    assert not packet
    return packets


def lace(packets: list[bytes]) -> tuple[bytes, bytes]:
    """Return the lacing values of the packets, and all their bytes."""
    lacing = b"".join(b"\xff" * (len(p) // 255) + bytes([len(p) % 255]) for p in packets)
    return lacing, b"".join(packets)


@dataclass(frozen=True)
class Link:
    """One logical stream."""

    packets: tuple[bytes, ...]
    codec: str = "opus"
    serial: int = 7
    page_segments: tuple[int, ...] = (4,)
    """How many segments each page has, over and over again."""
    first_position: int = 0
    last: bool = True

    def head_pages(self) -> list[bytes]:
        """Return the pages of the headers, the first one first."""
        first, *others = HEADERS[self.codec]
        return [
            page(FIRST, 0, self.serial, 0, [first]),
            *(page(0, 0, self.serial, n + 1, [h]) for n, h in enumerate(others)),
        ]

    def pages(self) -> list[tuple[bytes, list[bytes], int]]:
        """Return the audio's pages, each with the packets that end on it and its position."""
        lacing, body = lace(list(self.packets))
        made: list[tuple[bytes, list[bytes], int]] = []
        waiting = list(self.packets)
        position, flags, number = self.first_position, 0, len(HEADERS[self.codec])
        for count in cycle(self.page_segments):
            if not lacing:
                break
            here = lacing[:count]
            size, ended = sum(here), sum(segment < 255 for segment in here)
            position += ended * PACKET_SAMPLES
            last = LAST if self.last and len(lacing) <= count else 0
            shown = position if ended else -1
            data = page_of(flags | last, shown, (self.serial, number), (here, body[:size]))
            made.append((data, waiting[:ended], position))
            waiting = waiting[ended:]
            flags = CONTINUED if here[-1] == 255 else 0
            lacing, body, number = lacing[count:], body[size:], number + 1
        return made


@dataclass(frozen=True)
class Ogg:
    """A whole file: links one after the other, another stream beside them if so wanted."""

    links: tuple[Link, ...]
    beside: bool = False

    def encode(self) -> bytes:
        """Return the file."""
        data = b""
        for link in self.links:
            first, *heads = link.head_pages()
            other = link.serial + 1_000
            fishead = page(FIRST, 0, other, 0, [b"fishead\0" + b"\0" * 56])
            second = page(FIRST, 0, other + 1, 0, [OPUS_HEAD])
            data += fishead + first + second if self.beside else first
            data += b"".join(heads)
            for number, (written, _, _) in enumerate(link.pages()):
                noise = page(0, number, other, number + 1, [b"n" * 300])
                data += written + (noise if self.beside else b"")
        return data

    def segments(self) -> list[tuple[float, list[bytes], int]]:
        """Return what each segment holds: its time in seconds, its packets, where it ends."""
        made, begin, end = [], self.links[0].first_position, None
        for link in self.links:
            # A Vorbis stream's first packet gives samples, half a block, only when chained on.
            joint = 1024 if link.codec == "vorbis" else 0
            shift = 0 if end is None else end + joint - link.first_position
            for _, packets, position in link.pages():
                if packets:
                    made.append((begin / 48_000, packets, position + shift))
                    begin = end = position + shift
        return made


packets = (st.binary(min_size=1, max_size=60) | st.binary(min_size=250, max_size=900)).map(
    opus_packet
)


@st.composite
def oggs(draw: st.DrawFn, codecs: tuple[str, ...] = ("opus", "vorbis", "flac")) -> Ogg:
    """Yield files of every shape."""
    codec = draw(st.sampled_from(codecs))
    # Of the second stream on, time is known only where it begins at 0.
    links = [
        Link(
            tuple(draw(st.lists(packets, min_size=1, max_size=8))),
            codec,
            serial=draw(st.sampled_from([7, 7, 8, 0xFFFF0000])),
            page_segments=tuple(draw(st.lists(st.integers(1, 12), min_size=1, max_size=4))),
            last=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    return Ogg(tuple(links), beside=draw(st.booleans()))
