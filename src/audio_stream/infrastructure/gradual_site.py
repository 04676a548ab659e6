"""A port that thousands may knock at together, and that nobody can keep shut by saying nothing."""

from __future__ import annotations

import asyncio

from aiohttp import web

from audio_stream.adapters.live.timer import Timer
from audio_stream.infrastructure.clock import SystemClock
from audio_stream.infrastructure.doorkeeper import Doorkeeper, Patience

_AT_A_TIME = 4
_MAY_WAIT = 4096


class GradualSite(web.BaseSite):
    """Lets a few connections in at a time; the others wait with the system.

    asyncio takes its backlog for both: how many may wait, and how many are let in before
    anything else has its turn. With thousands at once a source would wait seconds for its
    acknowledgement.
    """

    def __init__(
        self, runner: web.AppRunner, host: str, port: int, *, patience: Patience | None = None
    ) -> None:
        super().__init__(runner, backlog=_AT_A_TIME)
        self._host = host
        self._port = port
        self._patience = patience or Patience()
        self._doorkeeper: Doorkeeper | None = None

    @property
    def name(self) -> str:
        """What aiohttp calls it."""
        return f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Open the port. Raises OSError."""
        await super().start()
        server = self._runner.server
        if server is None:
            raise RuntimeError("The runner is not set up.")
        self._doorkeeper = Doorkeeper(server, self._patience, Timer(SystemClock()))
        listening = await asyncio.get_running_loop().create_server(
            self._doorkeeper.let_in, self._host, self._port, backlog=_AT_A_TIME
        )
        self._server = listening
        for one in listening.sockets:
            with one.dup() as same:
                same.listen(_MAY_WAIT)

    async def stop(self) -> None:
        """Close the port; who is inside may stay."""
        if self._doorkeeper is not None:
            self._doorkeeper.close()
        await super().stop()
