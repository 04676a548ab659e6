"""Corrects what a FLAC file's header says of its length."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# The file begins with a magic of 4 bytes, the block's header of 4, and STREAMINFO (RFC 9639 §8.2):
# sizes of blocks and frames in 10 bytes, then 20 bits of sample rate, 8 of shape and 36 of length,
# then the MD5 of all samples.
_MAGIC = b"fLaC"
_RATE_AND_LENGTH = slice(18, 26)
_MD5 = slice(26, 42)
_HEADER_BYTES = 42
_RATE_SHIFT = 44
_LENGTH_MASK = (1 << 36) - 1


def tell_length(path: Path, duration_s: float) -> None:
    """Write the true length into the header where another one, or none, stands.

    ffmpeg copies the header as it was: of a file cut short, or of a stream that nobody knew the
    end of. Raises OSError.
    """
    with path.open("r+b") as file:
        header = bytearray(file.read(_HEADER_BYTES))
        if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
            return
        told = int.from_bytes(header[_RATE_AND_LENGTH], "big")
        samples = round(duration_s * (told >> _RATE_SHIFT))
        if told & _LENGTH_MASK == samples or samples > _LENGTH_MASK:
            return
        header[_RATE_AND_LENGTH] = (told & ~_LENGTH_MASK | samples).to_bytes(8, "big")
        header[_MD5] = bytes(16)  # unknown
        file.seek(0)
        file.write(header)
