"""Reading and writing boxes (ISO/IEC 14496-12 §4.2), the grammar of MP4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import MalformedMedia

if TYPE_CHECKING:
    from collections.abc import Iterator

TO_THE_END = -1
"""The size of a box that ends with the file."""

_HEADER_BYTES = 8
_LARGE_HEADER_BYTES = 16
_LARGE = 1
_PRINTABLE = frozenset(b"\xa9") | frozenset(range(0x20, 0x7F))


def read_header(buffer: bytes, at: int) -> tuple[bytes, int, int] | None:
    """Return the type, size (header included, or TO_THE_END) and beginning of the data.

    None when the buffer ends too early. Raises MalformedMedia when no box begins so.
    """
    data_at = at + _HEADER_BYTES
    if data_at > len(buffer):
        return None
    size, box_type = int.from_bytes(buffer[at : at + 4], "big"), buffer[at + 4 : data_at]
    if not _PRINTABLE.issuperset(box_type):
        raise MalformedMedia(f"no MP4 box is of the type {box_type.hex()}.")
    if size == 0:
        return box_type, TO_THE_END, data_at
    if size == _LARGE:
        data_at = at + _LARGE_HEADER_BYTES
        if data_at > len(buffer):
            return None
        size = int.from_bytes(buffer[at + _HEADER_BYTES : data_at], "big")
    if size < data_at - at:
        raise MalformedMedia(f"an MP4 box claims {size} bytes.")
    return box_type, size, data_at


def children(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield type, content and the whole of each box in another's content.

    Raises MalformedMedia when one reaches beyond the end.
    """
    at = 0
    while at < len(data):
        header = read_header(data, at)
        if header is None or header[1] == TO_THE_END or at + header[1] > len(data):
            raise MalformedMedia("an MP4 box is larger than the one around it.")
        box_type, size, data_at = header
        yield box_type, data[data_at : at + size], data[at : at + size]
        at += size


def descend(data: bytes, *path: bytes) -> bytes:
    """Return the content of the first box of each type, one in the other; empty if missing."""
    for wanted in path:
        data = next((content for kind, content, _ in children(data) if kind == wanted), b"")
    return data


def box(box_type: bytes, *content: bytes) -> bytes:
    """Return the whole box."""
    size = _HEADER_BYTES + sum(map(len, content))
    return b"".join((size.to_bytes(4, "big"), box_type, *content))


def read_uint(data: bytes, at: int, width: int = 4) -> int:
    """Return the big-endian integer at `at`. Raises MalformedMedia when the data ends before."""
    if at + width > len(data):
        raise MalformedMedia("an MP4 box ends too early.")
    return int.from_bytes(data[at : at + width], "big")
