"""One file or some bytes, brought to S3 and found again there before anybody is told."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from audio_stream.adapters.blob.keys import PIECE_BYTES
from audio_stream.adapters.blob.s3_content import Content, read_content
from audio_stream.adapters.blob.s3_errors import NOT_FOUND, code_of, s3_errors
from audio_stream.adapters.blob.s3_parts import Sending
from audio_stream.domain.errors import StorageAway

if TYPE_CHECKING:
    from audio_stream.adapters.blob.s3_client import S3Options
    from audio_stream.adapters.blob.s3_target import Target

Report = Callable[[int, int], None]
"""Told now and then how many bytes were sent, and of how many."""

_REPORT_EVERY_S = 0.25
_TRIES = 3

_OVERTAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchUpload")
"""Another upload of the same file, perhaps our own of which we missed the answer, was first."""

_UNCONDITIONAL = "NotImplemented"
"""A server that speaks S3's protocol but knows no conditional writes."""


class FileUploads(Protocol):
    """Stores files in S3, as many at once as it likes."""

    async def upload(self, source: Path, target: Target, report: Report) -> None:
        """Return when the file is stored as `target` and was found there as it is here.

        One that is there already is not sent again. Raises StorageAway, StorageFailed.
        """


class _Found(Enum):
    NOTHING = auto()
    ANOTHER = auto()
    THE_SAME = auto()


class S3Upload(FileUploads):
    """Stores through one client, in this process."""

    def __init__(self, client: Any, options: S3Options) -> None:  # noqa: ANN401 - it has no types
        self._client = client
        self._options = options
        self._conditional = True

    async def upload(self, source: Path, target: Target, report: Report) -> None:
        """Look first; look again after each sending."""
        with s3_errors():
            content = await asyncio.to_thread(read_content, source)
            for _ in range(_TRIES):
                found = await self._look(target, content)
                if found is _Found.THE_SAME:
                    return
                sending = Sending(self._client, self._options, content, target)
                await self._send(sending, content, found, report)
            await self._check(target, content)

    async def put(self, data: bytes, target: Target) -> None:
        """Replace what is there, in one request whose answer tells what was stored."""
        with s3_errors():
            content = read_content(data)
            sending = Sending(self._client, self._options, content, target)
            answer = await sending.send(only_if_absent=False)
            if not content.is_told_by(answer):
                await self._check(target, content)

    async def _check(self, target: Target, content: Content) -> None:
        if await self._look(target, content) is not _Found.THE_SAME:
            raise StorageAway(f"What S3 keeps as {target.key} is not what was sent.")

    async def _look(self, target: Target, content: Content) -> _Found:
        address = target.address(self._options.bucket)
        try:
            told = await self._client.head_object(**address, ChecksumMode="ENABLED")
            if told["ContentLength"] != content.size_bytes:
                return _Found.ANOTHER
            same = content.is_told_by(told) or await self._read_back(address) == content.sha256
        except ClientError as error:
            if code_of(error) in NOT_FOUND:
                return _Found.NOTHING
            raise
        return _Found.THE_SAME if same else _Found.ANOTHER

    async def _read_back(self, address: dict[str, str]) -> bytes:
        """Return the SHA-256 of an object whose description does not tell what it is."""
        digest = hashlib.sha256()
        answer = await self._client.get_object(**address)
        async with answer["Body"] as body:
            async for piece in body.iter_chunks(PIECE_BYTES):
                digest.update(piece)
        return digest.digest()

    async def _send(
        self, sending: Sending, content: Content, found: _Found, report: Report
    ) -> None:
        only_if_absent = self._conditional and found is _Found.NOTHING
        reporting = asyncio.create_task(_report_progress(sending, content.size_bytes, report))
        try:
            await sending.send(only_if_absent=only_if_absent)
        except ClientError as error:
            if only_if_absent and code_of(error) == _UNCONDITIONAL:
                self._conditional = False
            elif code_of(error) not in _OVERTAKEN:
                raise
        finally:
            reporting.cancel()


async def _report_progress(sending: Sending, size_bytes: int, report: Report) -> None:
    while True:
        report(sending.sent_bytes, size_bytes)
        await asyncio.sleep(_REPORT_EVERY_S)
