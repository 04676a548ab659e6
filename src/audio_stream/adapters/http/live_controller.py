"""Live sound: endless responses, and the small files that make a player open them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aiohttp import HttpVersion11, hdrs, web

from audio_stream.adapters.http.base_url import external_url
from audio_stream.adapters.http.hand_over import hand_over
from audio_stream.adapters.http.icy import IcyResponse, IcyTransport, wants_titles
from audio_stream.adapters.http.station_json import station_json
from audio_stream.domain.errors import InvalidRequest, StationNotFound
from audio_stream.domain.ids import StationSlug

if TYPE_CHECKING:
    from audio_stream.adapters.http.room import Room
    from audio_stream.usecases.ports import Broadcast, LiveFeed, LiveMp3, StationStatus

_BACKLOG_S = 4.0
"""A plain `<audio>` element or player starts once it has about this much."""
_LONGEST_BACKLOG_S = 30.0


class LiveController:
    """`/live/{station}` and its MP3, `/stream`, playlists, and `/api/stations`."""

    def __init__(
        self, *, live: LiveFeed, mp3: LiveMp3, default_station: StationSlug, room: Room
    ) -> None:
        self._live = live
        self._mp3 = mp3
        self._room = room
        self._default_station = default_station

    def routes(self) -> list[web.RouteDef]:
        """Return the routes; those with an extension come before the station's own pattern."""
        return [
            web.get("/live/{station}.mp3", self.mp3),
            web.get("/live/{station}.m3u", self.m3u),
            web.get("/live/{station}.pls", self.pls),
            web.get("/live/{station}", self.station),
            web.get("/stream", self.default_station),
            web.get("/api/stations", self.stations),
        ]

    async def station(self, request: web.Request) -> web.StreamResponse:
        """Send a station's sound until it ends or the listener leaves."""
        return await self._listen(request, self._live.on_air(_slug(request)))

    async def mp3(self, request: web.Request) -> web.StreamResponse:
        """Send a station's sound as MP3, with the title in between where that is asked for."""
        slug = _slug(request)
        titled = slug if wants_titles(request) else None
        return await self._listen(request, self._mp3.on_air(slug), titled=titled)

    async def default_station(self, request: web.Request) -> web.StreamResponse:
        """Send the default station's sound: the address that the original app had."""
        return await self._listen(request, self._live.on_air(self._default_station))

    async def stations(self, _request: web.Request) -> web.Response:
        """Tell of all stations."""
        stations = [station_json(status) for status in self._live.stations()]
        return web.json_response({"stations": stations}, headers={"Cache-Control": "no-store"})

    async def m3u(self, request: web.Request) -> web.Response:
        """Return an extended M3U playlist of one entry."""
        name, url = self._playlist_entry(request)
        return _playlist(f"#EXTM3U\n#EXTINF:-1,{name}\n{url}\n", "audio/x-mpegurl")

    async def pls(self, request: web.Request) -> web.Response:
        """Return a PLS playlist of one entry."""
        name, url = self._playlist_entry(request)
        entry = f"File1={url}\nTitle1={name}\nLength1=-1"
        return _playlist(f"[playlist]\n{entry}\nNumberOfEntries=1\nVersion=2\n", "audio/x-scpls")

    async def _listen(
        self, request: web.Request, broadcast: Broadcast, *, titled: StationSlug | None = None
    ) -> web.StreamResponse:
        backlog_s = _backlog_s(request)
        self._room.require(request)
        headers = {
            hdrs.CONTENT_TYPE: broadcast.media_type,
            hdrs.CACHE_CONTROL: "no-store",
            hdrs.ACCEPT_RANGES: "none",
            hdrs.CONNECTION: "close",
            "X-Accel-Buffering": "no",
        }
        response = web.StreamResponse(headers=headers)
        if titled is not None:
            response = IcyResponse(name=titled, headers=headers)
        response.force_close()
        await response.prepare(request)
        if request.method == hdrs.METH_HEAD:
            return response
        transport = hand_over(request)
        if transport is None:
            return response
        chunked = request.version >= HttpVersion11
        if titled is not None:
            chunked = False
            transport = IcyTransport(transport, lambda: self._status(titled).title)
        broadcast.join(transport, chunked=chunked, backlog_s=backlog_s)
        return response

    def _playlist_entry(self, request: web.Request) -> tuple[str, str]:
        slug = request.match_info["station"]
        status = self._status(slug)
        path = f"/live/{slug}{_extension(request)}"
        return status.title or slug, str(external_url(request).with_path(path))

    def _status(self, slug: str) -> StationStatus:
        for status in self._live.stations():
            if status.station == slug:
                return status
        raise StationNotFound(slug)


def _slug(request: web.Request) -> StationSlug:
    """Return the station that is asked for; whether there is such a one is for others to say."""
    return StationSlug(request.match_info["station"])


def _extension(request: web.Request) -> str:
    """Return what a playlist's address ends with: `?format=mp3` asks for the MP3's."""
    wanted = request.query.get("format")
    if wanted not in (None, "mp3"):
        raise InvalidRequest("format can only be mp3; without it, it is the source's own.")
    return f".{wanted}" if wanted else ""


def _backlog_s(request: web.Request) -> float:
    text = request.query.get("backlog")
    if text is None:
        return _BACKLOG_S
    try:
        asked_s = float(text)
    except ValueError:
        asked_s = math.nan
    if math.isnan(asked_s):
        raise InvalidRequest("backlog must be a number of seconds.")
    return min(max(asked_s, 0.0), _LONGEST_BACKLOG_S)


def _playlist(text: str, content_type: str) -> web.Response:
    return web.Response(
        text=text,
        content_type=content_type,
        charset="utf-8",
        headers={"Cache-Control": "no-store"},
    )
