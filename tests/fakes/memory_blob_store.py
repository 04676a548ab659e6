"""A blob store in memory that fails when it is told to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from audio_stream.adapters.blob.keys import PIECE_BYTES, is_key
from audio_stream.domain.errors import BlobNotFound
from audio_stream.usecases.ports import Blob, BlobStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path


class MemoryBlobStore(BlobStore):
    """Keeps bytes in a dict; each switch makes that one call fail once."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.mime_types: dict[str, str] = {}
        self.labels: dict[str, dict[str, str]] = {}
        self.fail_next: Exception | None = None
        """Raised by the next call, whichever it is."""
        self.fail_next_put: Exception | None = None

    async def put(
        self,
        key: str,
        source: Path | bytes,
        *,
        mime_type: str,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        if not is_key(key):
            raise ValueError(f"not a key: {key!r}")
        self._check()
        error, self.fail_next_put = self.fail_next_put, None
        if error is not None:
            raise error
        data = source if isinstance(source, bytes) else await asyncio.to_thread(source.read_bytes)
        self.blobs[key] = data
        self.mime_types[key] = mime_type
        self.labels[key] = dict(labels or {})

    async def open(self, key: str) -> Blob:
        self._check()
        if key not in self.blobs:
            raise BlobNotFound(key)
        return MemoryBlob(self.blobs[key])

    async def delete(self, key: str) -> None:
        self._check()
        self.blobs.pop(key, None)
        self.mime_types.pop(key, None)
        self.labels.pop(key, None)

    async def list(self, prefix: str) -> AsyncIterator[str]:
        self._check()
        for key in sorted(self.blobs):
            if key.startswith(prefix):
                yield key

    def _check(self) -> None:
        error, self.fail_next = self.fail_next, None
        if error is not None:
            raise error


class MemoryBlob(Blob):
    """Bytes, whole whatever happens to their key."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size_bytes(self) -> int:
        return len(self._data)

    async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        for at in range(start, start + length, PIECE_BYTES):
            yield self._data[at : min(at + PIECE_BYTES, start + length)]
