"""Ingest: the tus resumable upload protocol 1.0.0 (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING

from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import PayloadEncodingError

from audio_stream.adapters.http.base_url import external_url
from audio_stream.adapters.http.tus_headers import (
    TUS_RESUMABLE,
    format_metadata,
    parse_length,
    parse_metadata,
    parse_offset,
    prefers_async,
    require_tus,
)
from audio_stream.domain.checksums import CHECKSUM_ALGORITHMS, parse_checksum
from audio_stream.domain.errors import InvalidRequest, SourceDisconnected
from audio_stream.domain.ids import parse_recording_id, parse_station
from audio_stream.domain.recordings import RecordingState
from audio_stream.domain.titles import clean_title
from audio_stream.usecases.append_chunk import ChunkBody

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime, timedelta

    from audio_stream.domain.ids import RecordingId, StationSlug
    from audio_stream.domain.recordings import Recording
    from audio_stream.usecases.append_chunk import AppendChunk
    from audio_stream.usecases.append_first_chunk import AppendFirstChunk
    from audio_stream.usecases.discard_recording import DiscardRecording
    from audio_stream.usecases.ports import Clock
    from audio_stream.usecases.read_recording import ReadRecording
    from audio_stream.usecases.start_recording import StartRecording

_OFFSET_TYPE = "application/offset+octet-stream"
_PATIENCE_S = 0.008
"""Most disks have synced a chunk by then; after it, whoever prefers so is answered without that."""
_EXTENSIONS = "creation,creation-with-upload,creation-defer-length,checksum,termination,expiration"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestOptions:
    """What the tus server tells of itself."""

    default_station: StationSlug
    max_recording_bytes: int
    resume_window: timedelta


class RecordingsController:
    """`/api/recordings`: start, append, ask, discard."""

    def __init__(
        self,
        *,
        start: StartRecording,
        append: AppendChunk,
        append_first: AppendFirstChunk,
        read: ReadRecording,
        discard: DiscardRecording,
        clock: Clock,
        options: IngestOptions,
    ) -> None:
        self._start = start
        self._append = append
        self._append_first = append_first
        self._read = read
        self._discard = discard
        self._clock = clock
        self._options = options

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of ingest."""
        every, one = "/api/recordings", "/api/recordings/{recording_id}"
        # One path's routes in a row are one thing to look at, for each of many appends.
        return [
            web.options(every, self.describe),
            web.post(every, self.start),
            web.patch(one, self.append),
            web.head(one, self.offset),
            web.get(one, self.status, allow_head=False),
            web.delete(one, self.discard),
            web.options(one, self.describe),
            web.post(one, self.overridden),
        ]

    async def describe(self, _request: web.Request) -> web.Response:
        """Answer tus discovery."""
        return web.Response(
            status=204,
            headers={
                "Tus-Resumable": TUS_RESUMABLE,
                "Tus-Version": TUS_RESUMABLE,
                "Tus-Extension": _EXTENSIONS,
                "Tus-Checksum-Algorithm": ",".join(CHECKSUM_ALGORITHMS),
                "Tus-Max-Size": str(self._options.max_recording_bytes),
            },
        )

    async def start(self, request: web.Request) -> web.Response:
        """Create a recording, with its first bytes if they come along."""
        require_tus(request)
        length_bytes, deferred = parse_length(request)
        if deferred == (length_bytes is not None):
            raise InvalidRequest("Send either Upload-Length or Upload-Defer-Length: 1.")
        metadata = parse_metadata(request)
        live = metadata.get("live", "true" if deferred else "false").lower()
        if live not in ("true", "false"):
            raise InvalidRequest("The metadata's live must be true or false.")
        body = self._body(request) if request.content_type == _OFFSET_TYPE else None
        here = external_url(request)
        recording = await self._start.execute(
            station=parse_station(metadata.get("station") or self._options.default_station),
            title=clean_title(metadata.get("title", "")),
            live=live == "true",
            claimed_type=metadata.get("filetype", "")[:200],
            length_bytes=length_bytes,
        )
        location = here.with_path(f"{request.path.rstrip('/')}/{recording.id}")
        headers = {"Location": str(location)}
        if body is not None or length_bytes == 0:
            body = body or ChunkBody(_nothing(), 0)
            offset = await self._append_first.execute(recording_id=recording.id, body=body)
            headers["Upload-Offset"] = str(offset)
        return web.Response(status=201, headers=self._common(headers))

    async def append(self, request: web.Request) -> web.Response:
        """Append a chunk."""
        require_tus(request)
        if request.content_type != _OFFSET_TYPE:
            raise web.HTTPUnsupportedMediaType(text=f"Content-Type must be {_OFFSET_TYPE}.")
        recording_id = _recording_id(request)
        offset = parse_offset(request)
        length_bytes, _ = parse_length(request)
        may_lag = prefers_async(request)
        appended = await self._append.execute(
            recording_id=recording_id,
            offset=offset,
            body=self._body(request),
            length_bytes=length_bytes,
            patience_s=_PATIENCE_S if may_lag else None,
        )
        headers = self._common({"Upload-Offset": str(appended.kept)})
        if may_lag:
            headers["Preference-Applied"] = "respond-async"
        return web.Response(
            status=204 if appended.kept == appended.offset else 202, headers=headers
        )

    async def offset(self, request: web.Request) -> web.Response:
        """Tell where the source goes on."""
        require_tus(request)
        offset, recording = await self._read.offset(recording_id=_recording_id(request))
        headers = {
            "Upload-Offset": str(offset),
            "Upload-Metadata": _metadata(recording),
            "Cache-Control": "no-store",
        }
        if recording.length_bytes is None:
            headers["Upload-Defer-Length"] = "1"
        else:
            headers["Upload-Length"] = str(recording.length_bytes)
        common = self._common(headers, source_gone_at=recording.interrupted_at)
        if recording.state is RecordingState.FINISHED:
            del common["Upload-Expires"]
        return web.Response(status=200, headers=common)

    async def status(self, request: web.Request) -> web.Response:
        """Tell how the recording is doing, as JSON."""
        status = await self._read.execute(recording_id=_recording_id(request))
        recording = status.recording
        return web.json_response(
            {
                "id": recording.id,
                "state": recording.state,
                "reason": recording.reason,
                "station": recording.station,
                "title": recording.title,
                "size_bytes": status.offset,
                "duration_s": status.duration_s,
                "started_at": recording.started_at.isoformat(),
                "on_air": status.on_air,
                "off_air_reason": status.off_air_reason,
            },
            headers={"Cache-Control": "no-store"},
        )

    async def discard(self, request: web.Request) -> web.Response:
        """Delete the recording."""
        require_tus(request)
        await self._discard.execute(recording_id=_recording_id(request))
        return web.Response(status=204, headers={"Tus-Resumable": TUS_RESUMABLE})

    async def overridden(self, request: web.Request) -> web.Response:
        """Do what `X-HTTP-Method-Override` says, for networks that let only GET and POST pass."""
        instead = {"PATCH": self.append, "HEAD": self.offset, "DELETE": self.discard}
        handler = instead.get(request.headers.get("X-HTTP-Method-Override", "").upper())
        if handler is None:
            raise web.HTTPMethodNotAllowed("POST", ["GET", "OPTIONS", *instead])
        return await handler(request)

    def _body(self, request: web.Request) -> ChunkBody:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            # aiohttp decodes, and an offset would count other bytes than those that were sent.
            raise web.HTTPUnsupportedMediaType(text="Send audio without a Content-Encoding.")
        header = request.headers.get("Upload-Checksum")
        checksum = None if header is None else parse_checksum(header)
        return ChunkBody(_Pieces(request), request.content_length, checksum)

    def _common(
        self, headers: dict[str, str], *, source_gone_at: datetime | None = None
    ) -> dict[str, str]:
        expires = (source_gone_at or self._clock.now()) + self._options.resume_window
        return {
            "Tus-Resumable": TUS_RESUMABLE,
            "Upload-Expires": _http_date(int(expires.timestamp())),
        } | headers


def _recording_id(request: web.Request) -> RecordingId:
    return parse_recording_id(request.match_info["recording_id"])


def _metadata(recording: Recording) -> str:
    """Return what its source told, as it was understood."""
    return format_metadata(
        {
            "title": recording.title,
            "filetype": recording.claimed_type,
            "station": recording.station,
            "live": "true" if recording.live else "false",
        }
    )


@lru_cache(maxsize=4)
def _http_date(timestamp_s: int) -> str:
    return formatdate(timestamp_s, usegmt=True)


class _Pieces:
    """A body as it arrives. No generator, which would want to be closed after its last piece."""

    def __init__(self, request: web.Request) -> None:
        self._body = request.content
        self._error: Exception | None = None

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> bytes:
        if self._error is not None:
            raise SourceDisconnected from self._error
        try:
            piece = await self._body.readany()
        except (ClientPayloadError, ConnectionError, PayloadEncodingError) as error:
            piece = self._rest(error)
        if not piece:
            raise StopAsyncIteration
        return piece

    def _rest(self, error: Exception) -> bytes:
        """Return what arrived before the end: it is in the buffer still, where the error hides it.

        Raises SourceDisconnected when that is nothing.
        """
        self._body.set_exception(None)  # type: ignore[arg-type]  # as it was before
        rest: bytes = self._body.read_nowait()
        if not self._body.at_eof():
            self._error = error
            if not rest:
                raise SourceDisconnected from error
        return rest


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
