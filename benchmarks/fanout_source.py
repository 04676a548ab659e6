"""A source for the benchmarks: WebM clusters that carry the time they were made."""

from __future__ import annotations

import random
import struct
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from fanout_servers import Server

MAGIC = b"\x01\xfbSTAMP\x02"
"""load_listeners.c looks for it; the time in nanoseconds follows."""
_UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
_NOISE = random.Random(1).randbytes(1 << 16).replace(b"\x01", b"\x00")


def element(element_id: int, payload: bytes) -> bytes:
    """Return an EBML element (RFC 8794 §5) of known size."""
    name = element_id.to_bytes((element_id.bit_length() + 7) // 8, "big")
    return name + struct.pack(">Q", len(payload) | 1 << 56) + payload


def webm_start() -> bytes:
    """Return what stands before the first cluster of an Opus recording."""
    ebml = element(0x4282, b"webm") + element(0x4287, b"\x04") + element(0x4285, b"\x02")
    info = element(0x2AD7B1, (1_000_000).to_bytes(3, "big")) + element(0x5741, b"benchmark")
    opus_head = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 312, 48000, 0, 0)
    audio = element(0xB5, struct.pack(">d", 48000.0)) + element(0x9F, b"\x02")
    track = (
        element(0xD7, b"\x01")
        + element(0x73C5, b"\x01")
        + element(0x83, b"\x02")
        + element(0x86, b"A_OPUS")
        + element(0x63A2, opus_head)
        + element(0xE1, audio)
    )
    return (
        element(0x1A45DFA3, ebml)
        + b"\x18\x53\x80\x67"
        + _UNKNOWN_SIZE
        + element(0x1549A966, info)
        + element(0x1654AE6B, element(0xAE, track))
    )


def cluster(time_ms: int, made_ns: int, size_bytes: int) -> bytes:
    """Return a cluster of one block with the time it was made in it."""
    block = b"\x81\x00\x00\x80\xfc" + MAGIC + struct.pack("<q", made_ns)
    block += _NOISE[: max(0, size_bytes - len(block))]
    return element(0x1F43B675, element(0xE7, struct.pack(">Q", time_ms)) + element(0xA3, block))


class Source:
    """Sends a segment at its time, whatever became of the ones before."""

    def __init__(self, server: Server, segment_bytes: int, per_second: float) -> None:
        self._server = server
        self._segment_bytes = segment_bytes
        self._interval_ns = int(1e9 / per_second)
        self._made_ns: list[int] = []
        self._sent_ns: list[tuple[int, int]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._server.send(webm_start())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def made_between(self, from_ns: int, to_ns: int) -> int:
        """Return how many segments were made in that time."""
        return sum(from_ns <= made_ns < to_ns for made_ns in self._made_ns)

    def longest_send_ms(self, from_ns: int, to_ns: int) -> float:
        """Return how long the server let the source wait at most, in that time."""
        took_ns = [took for sent_ns, took in self._sent_ns if from_ns <= sent_ns < to_ns]
        return max(took_ns, default=0) / 1e6

    def _run(self) -> None:
        began_ns = due_ns = time.monotonic_ns()
        while not self._stop.wait(max(0, due_ns - time.monotonic_ns()) / 1e9):
            data = b""
            while due_ns <= time.monotonic_ns():
                data += cluster((due_ns - began_ns) // 1_000_000, due_ns, self._segment_bytes)
                self._made_ns.append(due_ns)
                due_ns += self._interval_ns
            sent_ns = time.monotonic_ns()
            self._server.send(data)
            self._sent_ns.append((sent_ns, time.monotonic_ns() - sent_ns))
