"""The headers of tus 1.0.0, read strictly, and of RFC 7240, read leniently."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING

from aiohttp import web

from audio_stream.domain.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

TUS_RESUMABLE = "1.0.0"
_NUMBER = re.compile(r"[0-9]{1,18}")


def require_tus(request: web.Request) -> None:
    """Raise 412 unless the client speaks this version of the protocol."""
    if request.headers.get("Tus-Resumable") != TUS_RESUMABLE:
        raise web.HTTPPreconditionFailed(
            text=f"Send the header Tus-Resumable: {TUS_RESUMABLE}.",
            headers={"Tus-Version": TUS_RESUMABLE},
        )


def parse_offset(request: web.Request) -> int:
    """Return `Upload-Offset`, in bytes. Raises InvalidRequest."""
    return _number(request, "Upload-Offset")


def parse_length(request: web.Request) -> tuple[int | None, bool]:
    """Return `Upload-Length`, in bytes, and whether it is deferred. Raises InvalidRequest."""
    defer = request.headers.get("Upload-Defer-Length")
    if defer not in (None, "1"):
        raise InvalidRequest("Upload-Defer-Length can only be 1.")
    if "Upload-Length" not in request.headers:
        return None, defer is not None
    return _number(request, "Upload-Length"), defer is not None


def prefers_async(request: web.Request) -> bool:
    """Return whether an answer may come before the work is done (`Prefer: respond-async`)."""
    preferences = ",".join(request.headers.getall("Prefer", ())).split(",")
    return any(each.split(";")[0].strip().lower() == "respond-async" for each in preferences)


def parse_metadata(request: web.Request) -> Mapping[str, str]:
    """Return `Upload-Metadata`'s pairs, decoded; a value may be absent. Raises InvalidRequest."""
    pairs = {}
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _, encoded = pair.strip().partition(" ")
        if not key:
            continue
        try:
            value = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            raise InvalidRequest(f"Upload-Metadata's {key!r} is no Base64.") from None
        pairs[key] = value.decode("utf-8", "replace")
    return pairs


def format_metadata(pairs: Mapping[str, str]) -> str:
    """Return pairs as `Upload-Metadata` has them; those without a value are left out."""
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}"
        for key, value in pairs.items()
        if value
    )


def _number(request: web.Request, name: str) -> int:
    text = request.headers.get(name, "")
    if not _NUMBER.fullmatch(text):
        raise InvalidRequest(f"{name} must be a whole number of bytes.")
    return int(text)
