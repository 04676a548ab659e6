"""Pages of Ogg (RFC 3533 §6), read and written."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from zlib import crc32

HEADER_BYTES = 27
CAPTURE = b"OggS"

CONTINUED = 1
FIRST = 2
NO_POSITION = -1
"""The granule position of a page on which no packet ends."""

FULL = 255
"""The size of a segment that does not end its packet."""

_MAX_SEGMENTS = 255
_HEADER = Struct("<4sBBqIIIB")
_CRC_AT, _AFTER_CRC = 22, 26
_REVERSED_BITS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Page:
    """One page: segments of up to 255 bytes; one of fewer ends a packet."""

    flags: int
    position: int
    """Granule position: of the last sample that ends on it; NO_POSITION if none does."""
    serial: int
    lacing: bytes
    body: bytes


def checksum(page: bytes) -> int:
    """Return the CRC of a page whose CRC field is zero.

    Ogg's CRC-32 has zlib's polynomial with all bits the other way round, begins with 0 and is not
    inverted: zlib computes it of the bits reversed, fifty times as fast as a loop here would.
    """
    value = crc32(page.translate(_REVERSED_BITS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(value.to_bytes(4, "little").translate(_REVERSED_BITS), "big")


def read_page(data: bytes) -> Page | None:
    """Return the page that `data` is; None if it is damaged."""
    _, version, flags, position, serial, _, crc, count = _HEADER.unpack_from(data)
    if version or checksum(data[:_CRC_AT] + bytes(4) + data[_AFTER_CRC:]) != crc:
        return None
    lacing = data[HEADER_BYTES : HEADER_BYTES + count]
    return Page(flags, position, serial, lacing, data[HEADER_BYTES + count :])


def make_page(page: Page, sequence: int) -> bytes:
    """Return the page's bytes, with this number and the right checksum."""
    head = _HEADER.pack(
        CAPTURE,
        0,
        page.flags,
        page.position,
        page.serial,
        sequence & 0xFFFFFFFF,
        0,
        len(page.lacing),
    )
    data = b"".join((head, page.lacing, page.body))
    return data[:_CRC_AT] + checksum(data).to_bytes(4, "little") + data[_AFTER_CRC:]


def lay_out(packets: list[bytes], position: int, serial: int, flags: int = 0) -> list[Page]:
    """Return pages that hold whole packets, the last of which ends at `position`.

    Only the first packet may be too long for one page: the others came on one.
    """
    lacing = b"".join(
        b"\xff" * (len(packet) // FULL) + bytes([len(packet) % FULL]) for packet in packets
    )
    body = b"".join(packets)
    pages: list[Page] = []
    while len(lacing) > _MAX_SEGMENTS:
        count = min(_MAX_SEGMENTS, len(lacing) - _MAX_SEGMENTS)
        size = sum(lacing[:count])
        ends = min(lacing[:count]) < FULL
        pages.append(
            Page(flags, position if ends else NO_POSITION, serial, lacing[:count], body[:size])
        )
        flags = 0 if lacing[count - 1] < FULL else CONTINUED
        lacing, body = lacing[count:], body[size:]
    return [*pages, Page(flags, position, serial, lacing, body)]
