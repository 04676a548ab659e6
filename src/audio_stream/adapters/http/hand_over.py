"""How a connection leaves aiohttp for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from aiohttp import web


def hand_over(request: web.Request) -> asyncio.Transport | None:
    """Return the request's connection, which aiohttp from now on takes for disconnected.

    For as long as a connection is its own, aiohttp keeps two tasks, a parser, the request and
    the response: more than two thirds of what a listener costs. None if the client has left.
    """
    transport = request.transport
    if transport is not None:
        request.protocol.transport = None  # else it would be closed
        request.protocol.connection_lost(None)
    return transport
