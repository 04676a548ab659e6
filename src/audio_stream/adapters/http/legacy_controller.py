"""The addresses of the Node.js original: what they were for works, or tells what replaced it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from audio_stream.adapters.http.problems import problem
from audio_stream.adapters.http.ranges import serve_blob
from audio_stream.domain.tracks import RenditionKind, TrackState
from audio_stream.usecases.list_tracks import MAX_PAGE

if TYPE_CHECKING:
    from audio_stream.domain.tracks import Track
    from audio_stream.usecases.list_tracks import ListTracks
    from audio_stream.usecases.open_track import OpenTrack
    from audio_stream.usecases.read_track import ReadTrack


class LegacyController:
    """`/tracks`, `/tracks/{name}`, `/upload`, `/metadata` and `/store`."""

    def __init__(self, *, list_tracks: ListTracks, read: ReadTrack, open_track: OpenTrack) -> None:
        self._list = list_tracks
        self._read = read
        self._open = open_track

    def routes(self) -> list[web.RouteDef]:
        """Return the original's routes."""
        return [
            web.get("/tracks", self.names),
            web.get("/tracks/{name}", self.play),
            *(web.post(path, self.gone) for path in ("/upload", "/metadata", "/store")),
        ]

    async def names(self, _request: web.Request) -> web.Response:
        """Return the name and date of every track that plays, newest first."""
        tracks: list[Track] = []
        cursor = None
        while True:
            page = await self._list.execute(cursor=cursor, limit=MAX_PAGE)
            tracks += (track for track in page.tracks if track.state is TrackState.READY)
            cursor = page.next_cursor
            if cursor is None:
                break
        listed = [{"name": t.name, "createdAt": t.created_at.isoformat()} for t in tracks]
        return web.json_response({"tracks": listed}, headers={"Cache-Control": "no-store"})

    async def play(self, request: web.Request) -> web.StreamResponse:
        """Play the track of that name."""
        track = await self._read.by_name(name=request.match_info["name"])
        opened = await self._open.execute(track_id=track.id, kind=RenditionKind.ORIGINAL)
        return await serve_blob(
            request,
            opened.blob,
            etag=f'"{opened.track.revision}"',
            mime_type=opened.mime_type,
            headers={},
        )

    async def gone(self, _request: web.Request) -> web.Response:
        """Name what replaced the original's way of recording."""
        return problem(
            410, "Recordings are sent to /api/recordings now, by the tus protocol 1.0.0."
        )
