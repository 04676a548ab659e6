"""One content, sent to S3 in one request or in parts side by side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from audio_stream.adapters.blob.s3_content import checksum, content_md5
from audio_stream.adapters.blob.s3_errors import BROKEN_STREAM

if TYPE_CHECKING:
    import io
    from collections.abc import Mapping

    from audio_stream.adapters.blob.s3_client import S3Options
    from audio_stream.adapters.blob.s3_content import Content, Part, Section
    from audio_stream.adapters.blob.s3_target import Target

_PARTS_AT_ONCE = 4
_ABORT_TIMEOUT_S = 3.0


class Sending:
    """Sends one content to one object, and knows how far it is."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - aiobotocore ships no types
        options: S3Options,
        content: Content,
        target: Target,
    ) -> None:
        self._client = client
        self._options = options
        self._content = content
        self._address = target.address(options.bucket)
        self._description = target.description()
        self._done_bytes = 0
        self._under_way: set[Section | io.BytesIO] = set()

    @property
    def sent_bytes(self) -> int:
        """How much has left, less what must be sent again."""
        under_way = sum(body.tell() for body in self._under_way)
        return min(self._done_bytes + under_way, self._content.size_bytes)

    async def send(self, *, only_if_absent: bool) -> Mapping[str, Any]:
        """Return what S3 says of the object it stored.

        With `only_if_absent`, S3 answers PreconditionFailed when there is one already. Nothing
        is left behind on failure: an upload in parts that was begun is aborted.
        """
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        condition = {"IfNoneMatch": "*"} if only_if_absent else {}
        if len(self._content.parts) > 1:
            return await self._send_parts(condition)
        return await self._request(
            "put_object",
            self._content.parts[0],
            **self._address,
            **self._description,
            **condition,
        )

    async def _send_parts(self, condition: Mapping[str, str]) -> Mapping[str, Any]:
        await self._abort_abandoned()
        asks = {"ChecksumAlgorithm": "SHA256"} if self._options.sends_checksums else {}
        began = await self._client.create_multipart_upload(
            **self._address, **self._description, **asks
        )
        upload = {**self._address, "UploadId": began["UploadId"]}
        try:
            sent = await self._send_all(upload)
            done: Mapping[str, Any] = await self._client.complete_multipart_upload(
                **upload, **condition, MultipartUpload={"Parts": sent}
            )
        except BaseException:
            await self._abort(upload)
            raise
        return done

    async def _send_all(self, upload: Mapping[str, str]) -> list[dict[str, Any]]:
        places = asyncio.Semaphore(_PARTS_AT_ONCE)

        async def send(part: Part) -> dict[str, Any]:
            async with places:
                answer = await self._request("upload_part", part, **upload, PartNumber=part.number)
            told = {"ChecksumSHA256": checksum(part)} if self._options.sends_checksums else {}
            return {"PartNumber": part.number, "ETag": answer["ETag"], **told}

        tasks = [asyncio.create_task(send(part)) for part in self._content.parts]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            # A part still on its way would outlive the abort.
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _request(self, operation: str, part: Part, **asked: object) -> Mapping[str, Any]:
        body = self._content.body(part)
        if self._options.sends_checksums:
            asked |= {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": checksum(part)}
        else:
            asked["ContentMD5"] = content_md5(part)
        self._under_way.add(body)
        try:
            answer: Mapping[str, Any] = await getattr(self._client, operation)(**asked, Body=body)
        finally:
            self._under_way.discard(body)
        self._done_bytes += part.size_bytes
        return answer

    async def _abort_abandoned(self) -> None:
        """Abort what was begun under this key by a process that was killed."""
        bucket, key = self._address["Bucket"], self._address["Key"]
        try:
            found = await self._client.list_multipart_uploads(Bucket=bucket, Prefix=key)
        except ClientError:
            return  # it may be forbidden, and is not needed
        for upload in found.get("Uploads", ()):
            if upload["Key"] == key:
                await self._abort({**self._address, "UploadId": upload["UploadId"]})

    async def _abort(self, upload: Mapping[str, str]) -> None:
        try:
            async with asyncio.timeout(_ABORT_TIMEOUT_S):
                await self._client.abort_multipart_upload(**upload)
        except (ClientError, *BROKEN_STREAM):
            pass  # the bucket's lifecycle rule sees to what cannot be aborted now
