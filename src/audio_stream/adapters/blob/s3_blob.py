"""One object in S3, read as a stream that outlives a broken connection."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

from audio_stream.adapters.blob.keys import PIECE_BYTES
from audio_stream.adapters.blob.s3_errors import BROKEN_STREAM, s3_errors
from audio_stream.domain.errors import StorageAway
from audio_stream.usecases.ports import Blob

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

_BREAKS_IN_A_ROW = 4
_FIRST_PAUSE_S = 0.1


class S3Blob(Blob):
    """An object as it was found; what replaced it later under its key is another one."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - aiobotocore ships no types
        target: Mapping[str, str],
        key: str,
        *,
        size_bytes: int,
        etag: str,
    ) -> None:
        self._client = client
        self._target = target
        self._key = key
        self._size_bytes = size_bytes
        self._etag = etag

    @property
    def size_bytes(self) -> int:
        """How many bytes it has."""
        return self._size_bytes

    async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield the bytes as they come; ask anew for what a broken connection left out.

        Raises BlobNotFound, StorageAway.
        """
        breaks = 0
        while length > 0:
            with s3_errors(self._key):
                answer = await self._client.get_object(
                    **self._target,
                    Range=f"bytes={start}-{start + length - 1}",
                    IfMatch=self._etag,
                )
            async with answer["Body"] as body:
                while length > 0 and (piece := await self._next(body)):
                    start += len(piece)
                    length -= len(piece)
                    breaks = 0
                    yield piece
            if length > 0:
                breaks += 1
                if breaks == _BREAKS_IN_A_ROW:
                    raise StorageAway(f"S3 breaks off {self._key} at byte {start}.")
                await asyncio.sleep(_FIRST_PAUSE_S * 2**breaks * random.random())  # noqa: S311 - jitter

    async def _next(self, body: Any) -> bytes:  # noqa: ANN401 - the same
        """Return the next piece, nothing when the stream is broken."""
        try:
            piece: bytes = await body.read(PIECE_BYTES)
        except BROKEN_STREAM:
            return b""
        return piece
