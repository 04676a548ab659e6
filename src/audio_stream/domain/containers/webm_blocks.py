"""Blocks of WebM, and the clusters that are made of them."""

from __future__ import annotations

from struct import Struct

from audio_stream.domain.containers import ebml
from audio_stream.domain.errors import MalformedMedia

SIMPLE_BLOCK = 0xA3
BLOCK_GROUP = 0xA0

PEEK_BYTES = 32
"""So many bytes of a block or block group, or all of it, tell whose it is."""

_BLOCK = 0xA1
_RELATIVE_TIME = Struct(">h")

# A cluster's ID and size, then a Timestamp's ID, size and value: a compact form and one for all.
_SMALL = Struct(">IHHI")
_MAX_SMALL_BYTES = (1 << 14) - 2 - 6
_MAX_SMALL_TIME = (1 << 32) - 1
_LARGE = Struct(">IIHQ")


def find_block(buffer: bytes, element_id: int, data_at: int, end: int) -> int:
    """Return where a block's track number lies, in a block or as a group's first block.

    Raises MalformedMedia when there is none.
    """
    if element_id == SIMPLE_BLOCK:
        return data_at
    for child_id, _, at, _ in ebml.children(buffer, data_at, end):
        if child_id == _BLOCK:
            return at
    raise MalformedMedia("a block group has no block.")


def peek_block(buffer: bytes, element_id: int, data_at: int) -> int:
    """Return the same for an element that goes on after `buffer`; 0 when it cannot be told yet."""
    if element_id == SIMPLE_BLOCK:
        return data_at
    header = ebml.read_header(buffer, data_at)
    return header[2] if header is not None and header[0] == _BLOCK else 0


def make_cluster(buffer: bytes, at: int, end: int, time_at: int, time: int) -> bytes:
    """Return a cluster of known size with the block (or group) at `at` alone.

    `time_at` is where the block's relative time lies and `time` its absolute one. Only a time
    before 0 stays relative: a cluster's own cannot be negative (RFC 9559 §5.1.3.1).
    """
    cluster_time = max(time, 0)
    size = end - at
    if size <= _MAX_SMALL_BYTES and cluster_time <= _MAX_SMALL_TIME:
        head = _SMALL.pack(0x1F43B675, 0x4000 | size + 6, 0xE784, cluster_time)
    else:
        head = _LARGE.pack(0x1F43B675, 0x10000000 | size + 10, 0xE788, cluster_time)
    relative = b"\0\0" if time >= 0 else _RELATIVE_TIME.pack(time)
    return b"".join((head, buffer[at:time_at], relative, buffer[time_at + 2 : end]))
