"""What happens as a response begins."""

from __future__ import annotations

from aiohttp import web

from audio_stream.adapters.http.tus_headers import TUS_RESUMABLE

RESPONSE_STARTED: web.RequestKey[bool] = web.RequestKey("response_started", bool)
"""Set on a request whose response has begun: from then on an error can only end it."""


async def on_response_prepare(request: web.Request, response: web.StreamResponse) -> None:
    """Forbid guessing of types, and say in all of ingest, errors too, which tus this is."""
    request[RESPONSE_STARTED] = True
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if request.path.startswith("/api/recordings"):
        response.headers.setdefault("Tus-Resumable", TUS_RESUMABLE)
