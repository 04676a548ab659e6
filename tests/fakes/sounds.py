"""Bytes that pass for audio."""

from __future__ import annotations

from generators.webm import Block, Cluster, WebM, opus_packet


def webm(packets: int = 50, *, packet_bytes: int = 40) -> bytes:
    """Return WebM as a recorder sends it, of packets of 20 ms."""
    blocks = tuple(
        Block(20 * n, opus_packet(bytes([n % 251]) * packet_bytes)) for n in range(packets)
    )
    return WebM((Cluster(0, blocks),)).encode()


def ogg(size_bytes: int) -> bytes:
    """Return what begins like Ogg; no two places of it look alike."""
    counted = b"".join(n.to_bytes(4, "big") for n in range(size_bytes // 4 + 1))
    return (b"OggS" + counted)[:size_bytes]
