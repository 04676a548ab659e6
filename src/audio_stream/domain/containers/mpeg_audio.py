"""Headers of MPEG audio frames: MP3 (and Layer II) and AAC in ADTS."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

MPEG_HEADER_BYTES = 4
ADTS_HEADER_BYTES = 7
ID3_HEADER_BYTES = 10
_ID3_VERSIONS = (2, 3, 4)

_MPEG_1 = 3
_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_MPEG_1_LAYER_2 = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_MPEG_1_LAYER_3 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_KBITS_PER_S = {
    (True, 2): _MPEG_1_LAYER_2,
    (True, 3): _MPEG_1_LAYER_3,
    (False, 2): _MPEG_2,
    (False, 3): _MPEG_2,
}


@dataclass(frozen=True, slots=True)
class MpegFrame:
    """What the header of an MP3 or Layer II frame tells."""

    size_bytes: int
    """Of the whole frame, header included."""
    samples: int
    rate_hz: int
    layer: int
    side_info_bytes: int
    """Between the header (and its CRC) and the main data: a Xing header lies after it."""
    fixed: int
    """The bits that no frame of one stream changes: version, layer and sample rate."""


@lru_cache(maxsize=4096)
def parse_mpeg_header(header: bytes) -> MpegFrame | None:
    """Return what the four bytes tell, or None when they begin no frame.

    ISO/IEC 11172-3 §2.4.1.3 and 13818-3. Layer I and the free bit rate are nobody's in practice,
    and a UTF-16 text begins like a Layer I frame: both count as no frame.
    """
    bits = int.from_bytes(header, "big")
    if len(header) != MPEG_HEADER_BYTES or bits >> 21 != 0x7FF:  # noqa: PLR2004 - the sync word
        return None
    version, layer = bits >> 19 & 3, 4 - (bits >> 17 & 3)
    rates = _RATES_HZ.get(version)
    bit_rate, rate, padding = bits >> 12 & 15, bits >> 10 & 3, bits >> 9 & 1
    if rates is None or layer not in (2, 3) or bit_rate in (0, 15) or rate == 3 or bits & 3 == 2:  # noqa: PLR2004 - the reserved values
        return None
    is_mpeg_1, is_mono = version == _MPEG_1, bits >> 6 & 3 == 3  # noqa: PLR2004 - the mode "mono"
    bit_rate_bps = 1000 * _KBITS_PER_S[is_mpeg_1, layer][bit_rate - 1]
    samples = 1152 if is_mpeg_1 or layer == 2 else 576  # noqa: PLR2004 - Layer II
    side_info = (17 if is_mono else 32) if is_mpeg_1 else (9 if is_mono else 17)
    return MpegFrame(
        size_bytes=samples // 8 * bit_rate_bps // rates[rate] + padding,
        samples=samples,
        rate_hz=rates[rate],
        layer=layer,
        side_info_bytes=side_info + (0 if bits >> 16 & 1 else 2),
        fixed=bits & 0xFFFE0C00,
    )


def parse_adts_header(header: bytes) -> tuple[int, int] | None:
    """Return the size of the frame in bytes and the bits that no frame of one stream changes.

    None when the seven bytes begin no ADTS frame. ISO/IEC 13818-7 §6.2.
    """
    bits = int.from_bytes(header, "big")
    if len(header) != ADTS_HEADER_BYTES or bits >> 44 != 0xFFF or bits >> 41 & 3:  # noqa: PLR2004 - the sync word
        return None
    rate, size_bytes = bits >> 34 & 15, bits >> 13 & 0x1FFF
    if rate > 12 or size_bytes < ADTS_HEADER_BYTES:  # noqa: PLR2004 - the last of the rates
        return None
    return size_bytes, bits >> 30


def id3_size(header: bytes) -> int | None:
    """Return the size in bytes of the ID3v2 tag that the ten bytes begin, or None.

    ID3v2.4 §3.1: the size is four bytes of seven bits; a footer adds ten.
    """
    if len(header) != ID3_HEADER_BYTES or header[:3] != b"ID3" or header[3] not in _ID3_VERSIONS:
        return None
    if max(header[6:]) > 0x7F:  # noqa: PLR2004 - seven bits
        return None
    size = header[6] << 21 | header[7] << 14 | header[8] << 7 | header[9]
    return ID3_HEADER_BYTES + size + (ID3_HEADER_BYTES if header[5] & 0x10 else 0)
