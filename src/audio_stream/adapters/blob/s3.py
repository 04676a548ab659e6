"""The blob store in S3: a key is an object's key below `audio-stream-files/`."""

from __future__ import annotations

import asyncio
import re
import time
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError

from audio_stream.adapters.blob.keys import is_key
from audio_stream.adapters.blob.s3_blob import S3Blob
from audio_stream.adapters.blob.s3_client import KEY_PREFIX, open_client
from audio_stream.adapters.blob.s3_errors import s3_errors
from audio_stream.adapters.blob.s3_target import Target
from audio_stream.adapters.blob.s3_upload import FileUploads, Report, S3Upload
from audio_stream.domain.errors import BlobNotFound, StorageAway, StorageFailed
from audio_stream.domain.events import UploadProgressed
from audio_stream.domain.ids import TrackId
from audio_stream.usecases.ports import Blob, BlobStore, EventSink, Health

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

    from audio_stream.adapters.blob.s3_client import S3Options

_PUTS_AT_ONCE = 32
"""Of bytes, so that a burst of them opens no thousand connections."""

_EVENT_EVERY_S = 1.0
_ASK_TIMEOUT_S = 2.0
_TRACK_IN_KEY = re.compile(r"[a-z0-9]+/([0-9a-f]{32})/")


class S3BlobStore(BlobStore, Health):
    """Keeps blobs as objects of one bucket. Enter it before use.

    Files go through `uploads`, or through its own client when there are none; bytes, which are
    few, always through its own.
    """

    def __init__(
        self, options: S3Options, *, events: EventSink, uploads: FileUploads | None = None
    ) -> None:
        self._options = options
        self._events = events
        self._uploads = uploads
        self._stack = AsyncExitStack()
        self._client: Any = None
        self._places = asyncio.Semaphore(_PUTS_AT_ONCE)
        self._trouble: str | None = None

    async def __aenter__(self) -> Self:
        """Make the client. Nothing is asked of S3: it may be away, and come back.

        Raises StorageAway if the options cannot be right.
        """
        try:
            self._client = await self._stack.enter_async_context(open_client(self._options))
        except (BotoCoreError, ValueError) as error:
            raise StorageAway(f"S3 cannot be set up ({error}).") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the client."""
        await self._stack.aclose()

    async def put(
        self,
        key: str,
        source: Path | bytes,
        *,
        mime_type: str,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Store under `key`, and return when size and checksum were found to be right there.

        A file that is there already is not sent again. Raises ValueError for what is no key.
        """
        if not is_key(key):
            raise ValueError(f"not a key: {key!r}")
        direct = S3Upload(self._client, self._options)
        target = Target(key=key, mime_type=mime_type, labels=labels or {})
        with self._watched():
            if isinstance(source, bytes):
                async with self._places:
                    await direct.put(source, target)
            else:
                uploads = self._uploads or direct
                await uploads.upload(source, target, self._progress_of(key))

    async def open(self, key: str) -> Blob:
        """Return the object under `key`."""
        if not is_key(key):
            raise BlobNotFound(key)
        address = self._address(key)
        with self._watched(key):
            found = await self._client.head_object(**address)
        size_bytes, etag = found["ContentLength"], found["ETag"]
        return S3Blob(self._client, address, key, size_bytes=size_bytes, etag=etag)

    async def delete(self, key: str) -> None:
        """Remove the object."""
        if is_key(key):
            with self._watched(key):
                await self._client.delete_object(**self._address(key))

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """List page by page: S3 tells at most 1,000 keys at a time."""
        pages = aiter(
            self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._options.bucket, Prefix=KEY_PREFIX + prefix
            )
        )
        while True:
            with self._watched():
                page = await anext(pages, None)
            if page is None:
                return
            for found in page.get("Contents", ()):
                key = found["Key"].removeprefix(KEY_PREFIX)
                if is_key(key):  # else a stranger's
                    yield key

    async def trouble(self) -> str | None:
        """Return what is wrong with S3, None when the last that was asked of it went well."""
        if self._trouble is not None:
            try:
                async with asyncio.timeout(_ASK_TIMEOUT_S):
                    with self._watched():
                        await self._client.list_objects_v2(
                            Bucket=self._options.bucket, Prefix=KEY_PREFIX, MaxKeys=1
                        )
            except (StorageFailed, TimeoutError):
                pass  # what is known is told
        return self._trouble

    async def announce(self, key: str) -> None:
        """Have the bucket tell whoever listens to it of an object once more.

        The object is copied onto itself, up to 5 GB of it. Raises BlobNotFound, StorageAway.
        """
        address = self._address(key)
        with self._watched(key):
            found = await self._client.head_object(**address)
            await self._client.copy_object(
                **address,
                CopySource=address,
                MetadataDirective="REPLACE",  # S3 refuses a copy that changes nothing
                ContentType=found["ContentType"],
                Metadata=found["Metadata"],
            )

    def _address(self, key: str) -> dict[str, str]:
        return {"Bucket": self._options.bucket, "Key": KEY_PREFIX + key}

    @contextmanager
    def _watched(self, sought: str | None = None) -> Iterator[None]:
        try:
            with s3_errors(sought):
                yield
        except StorageFailed as error:
            self._trouble = str(error)
            raise
        except BlobNotFound:
            self._trouble = None
            raise
        self._trouble = None

    def _progress_of(self, key: str) -> Report:
        match = _TRACK_IN_KEY.match(key)
        track_id = TrackId(match[1]) if match else None
        told_at = float("-inf")

        def report(sent_bytes: int, size_bytes: int) -> None:
            nonlocal told_at
            now = time.monotonic()
            if now - told_at >= _EVENT_EVERY_S:
                told_at = now
                self._events.publish(UploadProgressed(track_id, key, sent_bytes, size_bytes))

        return report
