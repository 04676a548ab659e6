"""Ranges of stored files (RFC 9110 §14): one implementation for every blob store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from audio_stream.adapters.http.problems import problem

if TYPE_CHECKING:
    from audio_stream.usecases.ports import Blob

_ONE_RANGE = re.compile(r"bytes=(?:([0-9]{1,19})-([0-9]{0,19})|-([0-9]{1,19}))")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` to `start + length`, of a representation."""

    start: int
    length: int


class UnsatisfiableRange(Exception):
    """The range begins after the end."""


def parse_range(header: str | None, size_bytes: int) -> ByteRange | None:
    """Return the one range asked for, None for the whole.

    Whatever is no single well-formed byte range is ignored, as RFC 9110 §14.2 allows. Raises
    UnsatisfiableRange.
    """
    match = _ONE_RANGE.fullmatch(re.sub(r"\s", "", header or "").lower())
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        length = min(int(suffix), size_bytes)
        if length == 0:
            raise UnsatisfiableRange
        return ByteRange(size_bytes - length, length)
    start = int(first)
    end = min(int(last), size_bytes - 1) if last else size_bytes - 1
    if last and int(last) < start:
        return None  # not a valid range, so not one at all
    if start >= size_bytes:
        raise UnsatisfiableRange
    return ByteRange(start, end - start + 1)


async def serve_blob(
    request: web.Request, blob: Blob, *, etag: str, mime_type: str, headers: dict[str, str]
) -> web.StreamResponse:
    """Answer a GET or HEAD with a blob, or the part of it that is asked for.

    `etag` is strong, with its quotes. The blob's first bytes are read before the response begins:
    what can fail fails as an error, not as noise in somebody's audio.
    """
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "no-cache"} | headers
    if _matches(request.headers.get("If-None-Match"), etag):
        return web.Response(status=304, headers=headers)
    wanted: ByteRange | None = None
    # Ranges are defined for GET alone (RFC 9110 §14.2).
    if request.method == "GET" and request.headers.get("If-Range", etag) == etag:
        try:
            wanted = parse_range(request.headers.get("Range"), blob.size_bytes)
        except UnsatisfiableRange:
            headers["Content-Range"] = f"bytes */{blob.size_bytes}"
            return problem(416, f"The file ends at byte {blob.size_bytes}.", headers)
    part = wanted or ByteRange(0, blob.size_bytes)
    response = web.StreamResponse(status=206 if wanted else 200, headers=headers)
    response.headers["Content-Type"] = mime_type
    response.content_length = part.length
    if wanted:
        last = part.start + part.length - 1
        response.headers["Content-Range"] = f"bytes {part.start}-{last}/{blob.size_bytes}"
    if request.method == "HEAD" or part.length == 0:
        await response.prepare(request)
        return response
    pieces = aiter(blob.read(part.start, part.length))
    piece = await anext(pieces)
    await response.prepare(request)
    await response.write(piece)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response


def _matches(header: str | None, etag: str) -> bool:
    if header is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag in tags
