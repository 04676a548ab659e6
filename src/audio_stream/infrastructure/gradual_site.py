"""A port that thousands may knock at together."""

from __future__ import annotations

import asyncio

from aiohttp import web

_AT_A_TIME = 4
_MAY_WAIT = 4096


class GradualSite(web.TCPSite):
    """Lets a few connections in at a time; the others wait with the system.

    asyncio takes its backlog for both: how many may wait, and how many are let in before
    anything else has its turn. With thousands at once a source would wait seconds for its
    acknowledgement.
    """

    def __init__(self, runner: web.AppRunner, host: str, port: int) -> None:
        super().__init__(runner, host, port, backlog=_AT_A_TIME)

    async def start(self) -> None:
        """Open the port. Raises OSError."""
        await super().start()
        if isinstance(self._server, asyncio.Server):
            for listening in self._server.sockets:
                with listening.dup() as same:
                    same.listen(_MAY_WAIT)
