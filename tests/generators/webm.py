"""Writes WebM of every legal shape, and tells what a splitter has to make of it.

Written from RFC 8794 and RFC 9559 without a look at the product: the two must not share a mistake.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import strategies as st

UNKNOWN = b"\x01\xff\xff\xff\xff\xff\xff\xff"
AUDIO, VIDEO = 2, 1
OPUS_HEAD = b"OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00"


def vint(value: int, width: int | None = None) -> bytes:
    """Return a size of `width` bytes, the fewest by default."""
    width = width or next(w for w in range(1, 9) if value < (1 << 7 * w) - 1)
    return (value + (1 << 7 * width)).to_bytes(width, "big")


def uint(value: int) -> bytes:
    """Return an unsigned integer's content."""
    return value.to_bytes(max(1, -(-value.bit_length() // 8)), "big")


def el(hex_id: str, *content: bytes, width: int | None = None) -> bytes:
    """Return an element of known size."""
    body = b"".join(content)
    return bytes.fromhex(hex_id) + vint(len(body), width) + body


def open_el(hex_id: str, *content: bytes) -> bytes:
    """Return an element of unknown size."""
    return bytes.fromhex(hex_id) + UNKNOWN + b"".join(content)


VOID = el("EC", b"\0" * 7)
CRC = el("BF", b"\xde\xad\xbe\xef")
TAGS = el("1254C367", el("7373", el("67C8", el("45A3", b"TITLE"), el("4487", b"a song"))))
CUES = el("1C53BB6B", el("BB", el("B3", b"\0")))
SEEK_HEAD = el("114D9B74", el("4DBB", el("53AB", b"\x15\x49\xa9\x66")))


@dataclass(frozen=True)
class Block:
    """One block of the audio track, as it lies in its cluster."""

    time: int
    """Absolute, in ticks."""
    data: bytes
    flags: int = 0x80
    group: bool = False
    duration: int | None = None
    discard_padding: bytes | None = None
    size_width: int | None = None

    def element(self, track: int, relative: int) -> bytes:
        """Return the SimpleBlock or BlockGroup with this relative time."""
        body = vint(track) + relative.to_bytes(2, "big", signed=True) + bytes([self.flags])
        if not self.group:
            return el("A3", body, self.data, width=self.size_width)
        extras = b""
        if self.duration is not None:
            extras += el("9B", uint(self.duration))
        if self.discard_padding is not None:
            extras += el("75A2", self.discard_padding)
        return el("A0", el("A1", body, self.data), extras, width=self.size_width)


@dataclass(frozen=True)
class Cluster:
    """Blocks under one Timestamp."""

    time: int
    blocks: tuple[Block, ...]
    known_size: bool = False
    before: bytes = b""
    """Elements ahead of the Timestamp."""
    between: bytes = b""
    """Elements and other tracks' blocks after each block."""


@dataclass(frozen=True)
class WebM:
    """A whole file."""

    clusters: tuple[Cluster, ...]
    track: int = 1
    scale_ns: int = 1_000_000
    duration: bool = False
    known_segment: bool = False
    with_video: bool = False
    void: bool = False
    doc_type: bytes = b"webm"
    codec: bytes = b"A_OPUS"
    extra: bytes = field(default=b"", repr=False)
    """Elements after Tracks."""

    def header(self) -> bytes:
        """Return the EBML header."""
        return el(
            "1A45DFA3", CRC if self.void else b"", el("4282", self.doc_type), el("4287", b"\4")
        )

    def _info(self, *, live: bool) -> bytes:
        fields = [el("2AD7B1", uint(self.scale_ns))]
        if not live and self.void:
            fields.insert(0, CRC)
        if not live and self.duration:
            fields.append(el("4489", b"\0" * 8))
        return el("1549A966", *fields, el("4D80", b"gen"), el("5741", b"gen"))

    def _entry(self) -> bytes:
        audio = el("E1", el("B5", b"\x47\x3b\x80\x00"), el("9F", b"\2"))
        private = el("63A2", OPUS_HEAD)
        return el(
            "AE",
            el("D7", uint(self.track)),
            el("73C5", b"\7"),
            el("83", bytes([AUDIO])),
            el("86", self.codec),
            private,
            audio,
        )

    def _tracks(self) -> bytes:
        entries = [self._entry()]
        if self.with_video:
            video = el("E0", el("B0", b"\x10"), el("BA", b"\x10"))
            other = uint(self.track + 1)
            entries.insert(
                0,
                el(
                    "AE",
                    el("D7", other),
                    el("73C5", b"\x08"),
                    el("83", b"\1"),
                    el("86", b"V_VP8"),
                    video,
                ),
            )
            second = uint(self.track + 2)
            entries.append(self._entry().replace(el("D7", uint(self.track)), el("D7", second)))
        return el("1654AE6B", *entries)

    def initialization(self) -> bytes:
        """Return what the splitter has to give as the initialization segment."""
        return self.header() + open_el(
            "18538067", self._info(live=True), el("1654AE6B", self._entry())
        )

    def _cluster(self, cluster: Cluster) -> bytes:
        body = cluster.before + el("E7", uint(cluster.time))
        for block in cluster.blocks:
            body += block.element(self.track, block.time - cluster.time) + cluster.between
            if self.with_video:
                body += el("A3", vint(self.track + 1), b"\0\0\x80video")
                body += el(
                    "A0", el("A1", vint(self.track + 2), b"\0\0\0other audio"), el("9B", b"\5")
                )
        return el("1F43B675", body) if cluster.known_size else open_el("1F43B675", body)

    def encode(self) -> bytes:
        """Return the file."""
        void = VOID if self.void else b""
        body = void + (SEEK_HEAD if self.void else b"") + self._info(live=False) + void
        body += self._tracks() + self.extra + b"".join(map(self._cluster, self.clusters))
        return self.header() + (el if self.known_segment else open_el)("18538067", body)

    def segments(self) -> list[tuple[float, bytes]]:
        """Return what the splitter has to make of it: times in seconds, and whole clusters."""
        return [
            (block.time * self.scale_ns / 1e9, self._expected(block))
            for cluster in self.clusters
            for block in cluster.blocks
        ]

    def _expected(self, block: Block) -> bytes:
        """Return a cluster whose time has four bytes, or eight if it or the block is large."""
        start = max(0, block.time)
        element = block.element(self.track, block.time - start)
        small = len(element) + 6 <= (1 << 14) - 2 and start < 1 << 32
        time = start.to_bytes(4 if small else 8, "big")
        return el("1F43B675", el("E7", time), element, width=2 if small else 4)


def lace(frames: list[bytes]) -> bytes:
    """Return EBML lacing's head and the frames (RFC 9559 §10.3.3)."""
    sizes = [len(f) for f in frames]
    head = bytes([len(frames) - 1]) + vint(sizes[0])
    for before, size in pairwise(sizes[:-1]):
        # Signed: two bytes hold differences of up to 8191 in either direction.
        head += (size - before + 0x1FFF + 0x4000).to_bytes(2, "big")
    return head + b"".join(frames)


def opus_packet(noise: bytes) -> bytes:
    """Return a 20 ms stereo CELT packet: any noise decodes (RFC 6716 §3.1)."""
    return b"\xfc" + noise


packets = st.binary(min_size=1, max_size=60).map(opus_packet)


@st.composite
def blocks(draw: st.DrawFn, time: int) -> Block:
    """Yield blocks of every kind."""
    if draw(st.integers(0, 5)) == 0:
        frames = draw(st.lists(packets, min_size=2, max_size=4))
        return Block(time, lace(frames), flags=0x86, group=False)
    return Block(
        time,
        draw(packets),
        group=draw(st.booleans()),
        duration=draw(st.sampled_from([None, 20])),
        discard_padding=draw(st.sampled_from([None, b"\x65\x2d\x0a", b"\xff\x38"])),
        size_width=draw(st.sampled_from([None, 4, 8])),
    )


@st.composite
def clusters(draw: st.DrawFn, first: int) -> Cluster:
    """Yield clusters that begin near `first`, blocks before their Timestamp included."""
    count = draw(st.integers(0, 5))
    early = draw(st.sampled_from([0, 20, 40]))
    found = [draw(blocks(first + 80 * n)) for n in range(count)]
    return Cluster(
        time=first + early,
        blocks=tuple(found),
        known_size=draw(st.booleans()),
        before=draw(st.sampled_from([b"", CRC, VOID + el("AB", b"\x10")])),
        between=draw(st.sampled_from([b"", VOID, VOID * 3])),
    )


@st.composite
def webms(draw: st.DrawFn) -> WebM:
    """Yield files of every legal shape."""
    start = draw(st.sampled_from([0, 0, 5000, (1 << 32) - 100]))
    found = [draw(clusters(start + 400 * n)) for n in range(draw(st.integers(1, 4)))]
    return WebM(
        tuple(found),
        track=draw(st.sampled_from([1, 2, 126, 300])),
        scale_ns=draw(st.sampled_from([1_000_000, 1_000_000, 100_000])),
        duration=draw(st.booleans()),
        known_segment=draw(st.booleans()),
        with_video=draw(st.booleans()),
        void=draw(st.booleans()),
        doc_type=draw(st.sampled_from([b"webm", b"matroska"])),
        extra=draw(st.sampled_from([b"", TAGS, CUES + TAGS + VOID])),
    )
