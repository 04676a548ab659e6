"""What the first packets of an Ogg stream tell: Opus, Vorbis and FLAC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_stream.domain.errors import MalformedMedia

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPUS, _OPUS_HEAD_BYTES, _OPUS_RATE_HZ, _OPUS_MAX_SAMPLES = b"OpusHead", 19, 48_000, 5760
_VORBIS, _VORBIS_HEAD_BYTES = b"\x01vorbis", 30
_FLAC, _FLAC_HEAD_BYTES, _STREAM_INFO_AT = b"\x7fFLAC", 51, 17
_LAST_METADATA_BLOCK = 0x80


@dataclass(frozen=True, slots=True)
class Codec:
    """An Ogg stream's codec, as its first packet tells it."""

    name: str
    """As in the media type: opus, vorbis or flac."""
    rate_hz: int
    """Of granule positions."""
    max_packet_samples: int
    joint_samples: int = 0
    """At most so many does a stream's first packet give, but only as one that is chained on."""

    def is_complete(self, headers: Sequence[bytes]) -> bool:
        """Tell whether these are all the header packets. Raises MalformedMedia if they are not.

        RFC 7845 §5, Vorbis I §4.2, Ogg FLAC mapping 1.0.
        """
        last = headers[-1]
        if self.name == "flac":
            block_at = _STREAM_INFO_AT - 4 if len(headers) == 1 else 0
            return bool(last[block_at : block_at + 1] >= bytes([_LAST_METADATA_BLOCK]))
        marks = (_OPUS, b"OpusTags") if self.name == "opus" else _VORBIS_MARKS
        if not last.startswith(marks[len(headers) - 1]):
            raise MalformedMedia(f"a header of its {self.name} stream is missing.")
        return len(headers) == len(marks)

    def signature(self, headers: Sequence[bytes]) -> tuple[bytes, ...]:
        """Return what two streams must share so that one decoder can go on with the other's."""
        head = headers[0]
        if self.name == "opus":
            return (head[9:10], head[18:])
        if self.name == "vorbis":
            return (head[:16], head[28:], headers[2])
        info = head[_STREAM_INFO_AT:]
        return (info[:4], info[10:13], bytes([info[13] & 0xF0]))

    def live_headers(self, headers: Sequence[bytes]) -> list[bytes]:
        """Return the headers without what is known only of a whole file: FLAC's length and MD5."""
        if self.name != "flac":
            return list(headers)
        info = headers[0][_STREAM_INFO_AT:]
        endless = info[:13] + bytes([info[13] & 0xF0]) + bytes(4 + 16)
        return [headers[0][:_STREAM_INFO_AT] + endless, *headers[1:]]


_VORBIS_MARKS = (_VORBIS, b"\x03vorbis", b"\x05vorbis")


def read_codec(packet: bytes) -> Codec | None:
    """Return the codec of the stream that begins with this packet; None if it is another one."""
    if packet.startswith(_OPUS) and len(packet) >= _OPUS_HEAD_BYTES:
        return Codec("opus", _OPUS_RATE_HZ, _OPUS_MAX_SAMPLES)
    if packet.startswith(_VORBIS) and len(packet) >= _VORBIS_HEAD_BYTES:
        rate_hz = int.from_bytes(packet[12:16], "little")
        # A packet gives a quarter of its block and one of the block before, where there is one.
        most = 1 << (packet[28] >> 4) >> 1
        return Codec("vorbis", rate_hz, most, joint_samples=most) if rate_hz else None
    if packet.startswith(_FLAC) and len(packet) == _FLAC_HEAD_BYTES:
        info = packet[_STREAM_INFO_AT:]
        rate_hz = int.from_bytes(info[10:13], "big") >> 4
        return Codec("flac", rate_hz, int.from_bytes(info[2:4], "big")) if rate_hz else None
    return None
