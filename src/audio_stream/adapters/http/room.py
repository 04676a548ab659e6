"""Room for those who stay: listeners, and pages that follow the news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import HouseFull

if TYPE_CHECKING:
    from aiohttp import web


class Room:
    """Keeps the last descriptors for what must always work, above all for recording."""

    def __init__(self, descriptors: int) -> None:
        self._descriptors = descriptors

    def require(self, request: web.Request) -> None:
        """Return if this connection may stay. Raises HouseFull.

        The system gives the lowest free number: a high one tells that all below are taken.
        """
        connection = request.get_extra_info("socket")
        if connection is not None and connection.fileno() >= self._descriptors:
            raise HouseFull
