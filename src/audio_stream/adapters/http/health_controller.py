"""Whether the program is alive."""

from __future__ import annotations

from aiohttp import web


class HealthController:
    """`/healthz`."""

    def routes(self) -> list[web.RouteDef]:
        """Return the one route."""
        return [web.get("/healthz", self.alive)]

    async def alive(self, _request: web.Request) -> web.Response:
        """Say that requests are answered."""
        return web.json_response({"status": "ok"}, headers={"Cache-Control": "no-store"})
