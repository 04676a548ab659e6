"""What is sent to S3, cut into parts, and how it is known again there."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PART_BYTES = 8 * 2**20
"""What is larger is sent in parts of this size: S3 takes 5 MiB to 5 GiB, but for the last."""

_MOST_PARTS = 10_000
_PIECE_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Part:
    """Some consecutive bytes of a content."""

    number: int
    """From 1 on, as S3 counts."""
    start: int
    size_bytes: int
    md5: bytes
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """A file or some bytes, read once from end to end."""

    source: Path | bytes
    size_bytes: int
    sha256: bytes
    parts: tuple[Part, ...]
    """At least one, even of nothing."""

    @property
    def etag(self) -> str:
        """What S3 calls it unless it is encrypted with KMS: an MD5, of parts' MD5s if several."""
        if len(self.parts) == 1:
            return f'"{self.parts[0].md5.hex()}"'
        together = _md5(b"".join(part.md5 for part in self.parts))
        return f'"{together.hex()}-{len(self.parts)}"'

    @property
    def checksums(self) -> frozenset[str]:
        """What S3 may tell as `x-amz-checksum-sha256`: with or without the count of parts."""
        if len(self.parts) == 1:
            return frozenset({_base64(self.sha256)})
        together = _base64(hashlib.sha256(b"".join(part.sha256 for part in self.parts)).digest())
        return frozenset({together, f"{together}-{len(self.parts)}"})

    def body(self, part: Part) -> Section | io.BytesIO:
        """Return a part to be read from its beginning."""
        if isinstance(self.source, bytes):
            return io.BytesIO(self.source[part.start : part.start + part.size_bytes])
        return Section(self.source, part.start, part.size_bytes)

    def is_told_by(self, answer: Mapping[str, object]) -> bool:
        """Tell whether S3's description of an object can only be of this content.

        When it returns False, only the object's bytes can tell.
        """
        checksum = answer.get("ChecksumSHA256")
        if checksum is not None and checksum not in self.checksums:
            return False
        if answer.get("ETag") == self.etag:
            return True
        encrypted = str(answer.get("ServerSideEncryption", "")).startswith("aws:kms")
        return encrypted and checksum is not None


class Section(io.RawIOBase):
    """A part of a file as a file of its own. It keeps nothing open between reads."""

    def __init__(self, path: Path, start: int, size_bytes: int) -> None:
        super().__init__()
        self._path = path
        self._start = start
        self._size_bytes = size_bytes
        self._at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return how much was read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place in the section."""
        self._at = offset + {io.SEEK_CUR: self._at, io.SEEK_END: self._size_bytes}.get(whence, 0)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, all that are left if `size` is negative."""
        left = self._size_bytes - self._at
        with self._path.open("rb", buffering=0) as file:
            file.seek(self._start + self._at)
            data = file.read(left if size < 0 else min(size, left)) or b""
        self._at += len(data)
        return data


def read_content(source: Path | bytes) -> Content:
    """Read a file, or look at some bytes, from end to end. Blocks; raises OSError."""
    size_bytes = source.stat().st_size if isinstance(source, Path) else len(source)
    part_bytes = max(PART_BYTES, -(-size_bytes // _MOST_PARTS))
    starts = range(0, size_bytes, part_bytes) or (0,)
    whole = hashlib.sha256()
    parts: list[Part] = []
    for start in starts:
        md5 = hashlib.md5(usedforsecurity=False)
        sha256 = hashlib.sha256() if len(starts) > 1 else whole
        read_bytes = 0
        for piece in _pieces(source, start, min(part_bytes, size_bytes - start)):
            for digest in {md5, sha256, whole}:
                digest.update(piece)
            read_bytes += len(piece)
        parts.append(Part(len(parts) + 1, start, read_bytes, md5.digest(), sha256.digest()))
    return Content(source, sum(part.size_bytes for part in parts), whole.digest(), tuple(parts))


def _pieces(source: Path | bytes, start: int, length: int) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source[start : start + length]
        return
    section = Section(source, start, length)
    while piece := section.read(_PIECE_BYTES):
        yield piece


def content_md5(part: Part) -> str:
    """Return the header that lets any server refuse what was damaged on the way (RFC 1864)."""
    return _base64(part.md5)


def checksum(part: Part) -> str:
    """Return the value of `x-amz-checksum-sha256`."""
    return _base64(part.sha256)


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()
