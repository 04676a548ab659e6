"""Who may write: basic auth (RFC 7617) and no requests from other sites."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

from audio_stream.adapters.http.base_url import external_url
from audio_stream.adapters.http.problems import problem

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def _is_protected(request: web.Request) -> bool:
    """Tell whether this needs credentials: every write, and what only a source reads."""
    if request.method not in _SAFE:
        return True
    if request.method == "OPTIONS":
        return False
    return request.path.rstrip("/") == "/record" or request.path.startswith("/api/recordings")


def basic_auth_middleware(username: str, password: str) -> web.Middleware:  # type: ignore[name-defined]
    """Return the middleware that lets only this person record, rename and delete."""
    expected = f"{username}:{password}".encode()

    def knows_them(header: str) -> bool:
        scheme, _, encoded = header.partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, expected)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _is_protected(request) and not knows_them(request.headers.get("Authorization", "")):
            challenge = {"WWW-Authenticate": 'Basic realm="audio-stream", charset="UTF-8"'}
            return problem(401, "This needs the station's username and password.", challenge)
        return await handler(request)

    return middleware


@web.middleware
async def same_site_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse writes that another site makes a browser send.

    Sec-Fetch-Site tells where a request comes from; browsers without it send Origin with writes.
    Programs that are no browsers send neither.
    """
    if request.method not in _SAFE and not _is_same_site(request):
        return problem(403, "This request came from another site.")
    return await handler(request)


def _is_same_site(request: web.Request) -> bool:
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    try:
        return URL(origin).authority == external_url(request).authority
    except ValueError:
        return False
