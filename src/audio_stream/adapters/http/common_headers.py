"""What happens as a response begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

RESPONSE_STARTED = "response_started"
"""Set on a request whose response has begun: from then on an error can only end it."""


async def on_response_prepare(request: web.Request, response: web.StreamResponse) -> None:
    """Forbid guessing of types: nothing sent here is anything but what it says it is."""
    request[RESPONSE_STARTED] = True
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
