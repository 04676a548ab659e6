"""Reading and writing EBML elements (RFC 8794), the grammar of WebM and Matroska."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import MalformedMedia

if TYPE_CHECKING:
    from collections.abc import Iterator

EBML_HEADER = 0x1A45DFA3
DOC_TYPE = 0x4282
VOID = 0xEC
CRC_32 = 0xBF

UNKNOWN_SIZE = -1
"""What `read_header` gives for an element that ends where its parent or the next sibling says."""

_MAX_WIDTH = 8
_MAX_ID_WIDTH = 4
_WIDTHS = bytes([9] + [9 - first.bit_length() for first in range(1, 256)])
"""How many bytes a variable-size integer has, by its first byte (RFC 8794 §4)."""
_ID_WIDTHS = bytes(
    0 if width > _MAX_ID_WIDTH or first in (0x80, 0xFF) else width
    for first, width in enumerate(_WIDTHS)
)
"""The same of an element's ID: at most four bytes, not all zeros or ones (RFC 8794 §5); else 0."""


def read_header(buffer: bytes, at: int) -> tuple[int, int, int] | None:
    """Return the ID, size and beginning of the data of the element at `at`.

    The size is UNKNOWN_SIZE when all its bits are set. None when the buffer ends too early.
    Raises MalformedMedia when no element begins so.
    """
    end = len(buffer)
    if at >= end:
        return None
    id_width = _ID_WIDTHS[buffer[at]]
    if not id_width:
        raise MalformedMedia(f"no EBML element begins with the byte 0x{buffer[at]:02x}.")
    size_at = at + id_width
    if size_at >= end:
        return None
    size_width = _WIDTHS[buffer[size_at]]
    if size_width > _MAX_WIDTH:
        raise MalformedMedia("an EBML element's size is longer than eight bytes.")
    data_at = size_at + size_width
    if data_at > end:
        return None
    unknown = (1 << 7 * size_width) - 1
    size = int.from_bytes(buffer[size_at:data_at], "big") & unknown
    element_id = int.from_bytes(buffer[at:size_at], "big")
    return element_id, UNKNOWN_SIZE if size == unknown else size, data_at


def read_vint(buffer: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the variable-size integer at `at` and where it ends. Raises MalformedMedia."""
    width = _WIDTHS[buffer[at]] if at < end else _MAX_WIDTH + 1
    after = at + width
    if width > _MAX_WIDTH or after > end:
        raise MalformedMedia("an EBML integer ends too early.")
    return int.from_bytes(buffer[at:after], "big") & (1 << 7 * width) - 1, after


def children(buffer: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield the ID, beginning, beginning of the data and end of each element in a master's data.

    Raises MalformedMedia when one reaches beyond `end` or has an unknown size.
    """
    while at < end:
        header = read_header(buffer, at)
        if header is None or header[1] == UNKNOWN_SIZE or header[2] + header[1] > end:
            raise MalformedMedia("an EBML element is larger than the one around it.")
        element_id, size, data_at = header
        yield element_id, at, data_at, data_at + size
        at = data_at + size


def read_uint(data: bytes) -> int:
    """Return an unsigned integer element's value (RFC 8794 §7.2). Raises MalformedMedia."""
    if len(data) > 8:  # noqa: PLR2004 - the longest integer
        raise MalformedMedia("an EBML integer is longer than eight bytes.")
    return int.from_bytes(data, "big")


def element(element_id: int, data: bytes) -> bytes:
    """Return the whole element, its size written in as few bytes as can be."""
    size = len(data)
    width = max(1, -(-(size + 1).bit_length() // 7))
    encoded_id = element_id.to_bytes(-(-element_id.bit_length() // 8), "big")
    return encoded_id + (size | 1 << 7 * width).to_bytes(width, "big") + data


def read_doc_type(prefix: bytes) -> str | None:
    """Return the DocType of the EBML header that `prefix` begins with; empty when it is broken.

    None while more bytes are needed. An absent one means "matroska", as old files have it.
    """
    try:
        header = read_header(prefix, 0)
        if header is None:
            return None
        element_id, size, data_at = header
        if element_id != EBML_HEADER or size == UNKNOWN_SIZE:
            return ""
        if data_at + size > len(prefix):
            return None
        for child_id, _, at, end in children(prefix, data_at, data_at + size):
            if child_id == DOC_TYPE:
                return prefix[at:end].rstrip(b"\0").decode("ascii", "replace")
    except MalformedMedia:
        return ""
    return "matroska"
