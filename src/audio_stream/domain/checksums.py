"""Checksums that a source sends along with a chunk (tus 1.0.0, extension Checksum)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from audio_stream.domain.errors import ChecksumMismatch, UnsupportedChecksum

CHECKSUM_ALGORITHMS = ("sha1", "sha256")


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a chunk's bytes must hash to."""

    algorithm: str
    digest: bytes

    def verify(self, data: bytes | bytearray) -> None:
        """Raise ChecksumMismatch unless `data` is what was sent."""
        found = hashlib.new(self.algorithm, data, usedforsecurity=False).digest()
        if not hmac.compare_digest(found, self.digest):
            raise ChecksumMismatch(self.algorithm)


def parse_checksum(text: str) -> Checksum:
    """Return what an `Upload-Checksum` header says. Raises UnsupportedChecksum."""
    algorithm, _, encoded = text.strip().partition(" ")
    algorithm = algorithm.lower()
    if algorithm not in CHECKSUM_ALGORITHMS:
        raise UnsupportedChecksum(algorithm)
    try:
        digest = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise UnsupportedChecksum(algorithm) from None
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise UnsupportedChecksum(algorithm)
    return Checksum(algorithm, digest)
