"""Whether the program is alive, and whether it is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from audio_stream.usecases.check_readiness import CheckReadiness, Stage

if TYPE_CHECKING:
    from audio_stream.usecases.check_readiness import Readiness

_NO_STORE = {"Cache-Control": "no-store"}


class HealthController:
    """`/healthz` and `/readyz`."""

    def __init__(self, check_readiness: CheckReadiness) -> None:
        self._check_readiness = check_readiness

    def routes(self) -> list[web.RouteDef]:
        """Return the two routes."""
        return [web.get("/healthz", self.alive), web.get("/readyz", self.ready)]

    async def alive(self, _request: web.Request) -> web.Response:
        """Say that requests are answered."""
        return web.json_response({"status": "ok"}, headers=_NO_STORE)

    async def ready(self, _request: web.Request) -> web.Response:
        """Say whether to send people here: 503 only as the program starts or stops."""
        readiness = await self._check_readiness.execute()
        serving = readiness.stage is Stage.SERVING
        return web.json_response(
            {"status": _status(readiness), "reasons": list(readiness.troubles)},
            status=200 if serving else 503,
            headers=_NO_STORE,
        )


def _status(readiness: Readiness) -> str:
    if readiness.stage is not Stage.SERVING:
        return readiness.stage
    return "degraded" if readiness.troubles else "ready"
