"""Writes MP3 with all that lies around its frames, without a look at the product."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

KBITS_PER_S = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
SAMPLES, RATE_HZ = 1152, 44_100


def frame(bit_rate: int, body: bytes, *, padding: int = 0, mono: bool = False) -> bytes:
    """Return an MPEG 1 Layer III frame at 44.1 kHz; `bit_rate` is the index, from 1 on."""
    size = 144_000 * KBITS_PER_S[bit_rate - 1] // RATE_HZ + padding
    header = bytes([0xFF, 0xFB, bit_rate << 4 | padding << 1, 0xC0 if mono else 0x40])
    return header + (body * size)[: size - 4]


def id3(size: int) -> bytes:
    """Return an ID3v2.3 tag that holds what looks like frames."""
    noise = (frame(9, b"\xff\xfb\x90") * (size // 400 + 1))[:size]
    return b"ID3\3\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + noise


XING = frame(9, b"\0").replace(b"\0" * 40, b"\0" * 32 + b"Xing\0\0\0\0", 1)
INFO_MONO = frame(5, b"\0", mono=True).replace(b"\0" * 25, b"\0" * 17 + b"Info\0\0\0\0", 1)
VBRI = frame(9, b"\0").replace(b"\0" * 40, b"\0" * 32 + b"VBRI\0\0\0\0", 1)
ID3V1 = b"TAG" + b"song".ljust(125, b"\0")
APE = b"APETAGEX" + (2000).to_bytes(4, "little") + (50).to_bytes(4, "little") + b"\0" * 16
APE += b"\xff\xfb\x90\x40" * 12 + b"\0\0"


@dataclass(frozen=True)
class Mp3:
    """Frames, each with what lies before it."""

    frames: tuple[tuple[bytes, bytes], ...]
    after: bytes = b""

    def encode(self) -> bytes:
        """Return the file."""
        return b"".join(before + data for before, data in self.frames) + self.after

    def segments(self) -> list[tuple[float, bytes]]:
        """Return the time in seconds and the bytes of each frame."""
        return [(n * SAMPLES / RATE_HZ, data) for n, (_, data) in enumerate(self.frames)]


@st.composite
def mp3s(draw: st.DrawFn) -> Mp3:
    """Yield files of every shape."""
    heads = [
        b"",
        id3(400),
        id3(60_000),
        XING,
        INFO_MONO,
        VBRI,
        id3(3) + XING,
        b"\0" * 200,
        b"\xff" * 9,
    ]
    between = [b"", b"", b"", APE, ID3V1, id3(30), b"\0" * 50 + b"\xff\xfb"]
    marks = (b"Xing", b"Info", b"VBRI")
    body = st.binary(min_size=1, max_size=8).filter(lambda b: not any(m in 9 * b for m in marks))
    # Of two frames in a row between noise both are found, of one alone none.
    count = draw(st.integers(1, 5))
    found = []
    for n in range(count):
        before = draw(st.sampled_from(between if n else heads))
        for place in range(draw(st.integers(2, 4))):
            padding = draw(st.integers(0, 1))
            data = frame(draw(st.integers(1, 14)), draw(body), padding=padding)
            found.append((b"" if place else before, data))
    return Mp3(tuple(found), after=draw(st.sampled_from([b"", ID3V1, APE + ID3V1, b"\xff\xfb"])))
