"""The pages, and what they are made of."""

from __future__ import annotations

import asyncio
import html
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; media-src 'self' blob:; img-src 'self' data: https: http:; "
        "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self)",
}
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Appearance:
    """How a station's owner wants the pages to look."""

    title: str
    cover: str | None
    """A file or an address; None for the one that ships."""


class PagesController:
    """`/`, `/listen`, `/record`, `/cover` and `/static/…`."""

    def __init__(self, *, web_folder: Path, appearance: Appearance) -> None:
        self._folder = web_folder
        self._appearance = appearance

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the pages."""
        return [
            web.get("/", self.listen),
            web.get("/listen", self.listen),
            web.get("/record", self.record),
            web.get("/cover", self.cover),
            web.get("/favicon.ico", self.cover),
            web.get("/static/{path:.+}", self.static),
        ]

    async def listen(self, _request: web.Request) -> web.Response:
        """Return the listener page."""
        return await self._page("listen.html")

    async def record(self, _request: web.Request) -> web.Response:
        """Return the recorder page."""
        return await self._page("record.html")

    async def cover(self, _request: web.Request) -> web.StreamResponse:
        """Return the cover, or where it is."""
        cover = self._appearance.cover
        if cover is None:
            return _file(self._folder / "cover.svg")
        if URL(cover).scheme in ("http", "https"):
            raise web.HTTPFound(cover)
        return _file(Path(cover))

    async def static(self, request: web.Request) -> web.StreamResponse:
        """Return one of the pages' own files."""
        path = await asyncio.to_thread(self._find, request.match_info["path"])
        if path is None:
            raise web.HTTPNotFound(text="There is no such file.")
        return _file(path)

    def _find(self, name: str) -> Path | None:
        try:
            path = (self._folder / name).resolve()
            inside = path.is_relative_to(self._folder.resolve())
            return path if inside and path.is_file() and path.suffix != ".html" else None
        except (OSError, ValueError):
            return None  # no file can have such a name

    async def _page(self, name: str, status: int = 200) -> web.Response:
        text = await asyncio.to_thread((self._folder / name).read_text, encoding="utf-8")
        return web.Response(
            status=status,
            text=text.replace("{{title}}", html.escape(self._appearance.title)),
            content_type="text/html",
            charset="utf-8",
            headers={"Cache-Control": "no-cache"} | _SECURITY,
        )

    def not_found_middleware(self) -> web.Middleware:  # type: ignore[name-defined]
        """Return the middleware that shows a person on an unknown page the way back."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await handler(request)
            except web.HTTPNotFound:
                if "text/html" not in request.headers.get("Accept", ""):
                    raise
                return await self._page("404.html", status=404)

        return middleware


def _file(path: Path) -> web.FileResponse:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    headers = {"Cache-Control": "no-cache"}
    if kind is not None:
        headers["Content-Type"] = kind
    if path.suffix == ".svg":
        headers |= _SECURITY  # an image that a browser could also open as a page
    return web.FileResponse(path, headers=headers)
