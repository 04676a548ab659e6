"""The library: tracks as JSON and as sound."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from audio_stream.adapters.http.ranges import serve_blob
from audio_stream.domain.errors import (
    InvalidRequest,
    RecordingNotFound,
    SourceTimedOut,
    TrackNotFound,
)
from audio_stream.domain.ids import TrackId, parse_recording_id
from audio_stream.domain.titles import clean_title
from audio_stream.domain.tracks import RenditionKind, RenditionState, Track, extension_of

if TYPE_CHECKING:
    from audio_stream.domain.tracks import Rendition
    from audio_stream.usecases.delete_track import DeleteTrack
    from audio_stream.usecases.list_tracks import ListTracks
    from audio_stream.usecases.open_track import OpenedTrack, OpenTrack
    from audio_stream.usecases.read_track import ReadTrack
    from audio_stream.usecases.rename_track import RenameTrack
    from audio_stream.usecases.retry_mp3 import RetryMp3

_DEFAULT_PAGE = 50


class TracksController:
    """`/api/tracks` and `/tracks/{id}/…`."""

    def __init__(
        self,
        *,
        list_tracks: ListTracks,
        read: ReadTrack,
        rename: RenameTrack,
        delete: DeleteTrack,
        retry_mp3: RetryMp3,
        open_track: OpenTrack,
        body_timeout_s: float,
    ) -> None:
        self._list = list_tracks
        self._read = read
        self._rename = rename
        self._delete = delete
        self._retry_mp3 = retry_mp3
        self._open = open_track
        self._body_timeout_s = body_timeout_s

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the library."""
        return [
            web.get("/api/tracks", self.page),
            web.get("/api/tracks/{track_id}", self.read),
            web.patch("/api/tracks/{track_id}", self.rename),
            web.delete("/api/tracks/{track_id}", self.delete),
            web.post("/api/tracks/{track_id}/mp3", self.retry),
            web.get("/tracks/{track_id}/audio", self.original),
            web.get("/tracks/{track_id}/audio.mp3", self.mp3),
            web.get("/tracks/{track_id}/waveform.json", self.waveform),
        ]

    async def page(self, request: web.Request) -> web.Response:
        """Return a page of tracks, newest first."""
        try:
            limit = int(request.query.get("limit", _DEFAULT_PAGE))
        except ValueError:
            raise InvalidRequest("limit must be a whole number.") from None
        page = await self._list.execute(
            query=request.query.get("q", ""),
            cursor=request.query.get("cursor") or None,
            limit=limit,
        )
        tracks = [track_json(track) for track in page.tracks]
        return _json({"tracks": tracks, "next_cursor": page.next_cursor})

    async def read(self, request: web.Request) -> web.Response:
        """Return one track."""
        return _json(track_json(await self._read.execute(track_id=_track_id(request))))

    async def rename(self, request: web.Request) -> web.Response:
        """Give a track another title."""
        track_id = _track_id(request)
        try:
            title = json.loads(await self._body(request))["title"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise InvalidRequest('Send JSON such as {"title": "Morning show"}.') from None
        if not isinstance(title, str):
            raise InvalidRequest("The title must be text.")
        track = await self._rename.execute(track_id=track_id, title=clean_title(title))
        return _json(track_json(track))

    async def _body(self, request: web.Request) -> bytes:
        try:
            async with asyncio.timeout(self._body_timeout_s):
                return await request.read()
        except TimeoutError:
            raise SourceTimedOut(self._body_timeout_s) from None

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a track everywhere."""
        await self._delete.execute(track_id=_track_id(request))
        return web.Response(status=204)

    async def retry(self, request: web.Request) -> web.Response:
        """Try again to make an MP3 that failed."""
        track = await self._retry_mp3.execute(track_id=_track_id(request))
        return _json(track_json(track), status=202)

    async def original(self, request: web.Request) -> web.StreamResponse:
        """Play the original."""
        track_id = _track_id(request)
        opened = await self._open.execute(track_id=track_id, kind=RenditionKind.ORIGINAL)
        return await _serve(request, opened, extension_of(opened.mime_type))

    async def mp3(self, request: web.Request) -> web.StreamResponse:
        """Play or download the MP3."""
        opened = await self._open.execute(track_id=_track_id(request), kind=RenditionKind.MP3)
        return await _serve(request, opened, "mp3")

    async def waveform(self, request: web.Request) -> web.StreamResponse:
        """Return the peaks."""
        return await _serve(request, await self._open.waveform(track_id=_track_id(request)), "json")


def track_json(track: Track) -> dict[str, object]:
    """Return what pages are told of a track."""
    return {
        "id": track.id,
        "name": track.name,
        "title": track.title,
        "station": track.station,
        "created_at": track.created_at.isoformat(),
        "duration_s": track.duration_s,
        "state": track.state,
        "reason": track.reason,
        "incomplete": track.incomplete,
        "renditions": [_rendition_json(track, rendition) for rendition in track.renditions],
    }


def _rendition_json(track: Track, rendition: Rendition) -> dict[str, object]:
    address = "audio.mp3" if rendition.kind is RenditionKind.MP3 else "audio"
    ready = rendition.state is RenditionState.READY
    return {
        "kind": rendition.kind,
        "state": rendition.state,
        "reason": rendition.reason,
        "url": f"/tracks/{track.id}/{address}" if ready else None,
        "mime_type": rendition.mime_type,
        "size_bytes": rendition.size_bytes,
    }


def _track_id(request: web.Request) -> TrackId:
    text = request.match_info["track_id"]
    try:
        return TrackId(parse_recording_id(text))
    except RecordingNotFound:
        raise TrackNotFound(text) from None


async def _serve(request: web.Request, opened: OpenedTrack, extension: str) -> web.StreamResponse:
    headers = {}
    if "download" in request.query:
        headers["Content-Disposition"] = _attachment(f"{opened.track.title}.{extension}")
    etag = f'"{opened.track.revision}-{extension}"'
    return await serve_blob(
        request, opened.blob, etag=etag, mime_type=opened.mime_type, headers=headers
    )


def _attachment(file_name: str) -> str:
    """Return a Content-Disposition (RFC 6266 §4.3): plain ASCII, and the true name beside it."""
    visible = file_name.replace("/", "-").replace("\\", "-")
    plain = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in visible
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(visible, safe='')}"


def _json(body: object, *, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})
