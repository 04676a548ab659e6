"""Errors as problem details (RFC 9457): the one place that knows both errors and statuses."""

from __future__ import annotations

import json
import random
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from audio_stream.adapters.http.common_headers import RESPONSE_STARTED
from audio_stream.domain import errors

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from audio_stream.usecases.ports import Journal

CHECKSUM_MISMATCH_STATUS = 460
"""tus 1.0.0, extension Checksum."""

STATUS: dict[type[errors.AudioStreamError], int] = {
    errors.RecordingNotFound: 404,
    errors.RecordingGone: 410,
    errors.RecordingFinished: 409,
    errors.RecordingFailed: 410,
    errors.RecordingBusy: 423,
    errors.OffsetMismatch: 409,
    errors.ChecksumMismatch: CHECKSUM_MISMATCH_STATUS,
    errors.UnsupportedChecksum: 400,
    errors.LengthConflict: 400,
    errors.LengthExceeded: 413,
    errors.StationBusy: 409,
    errors.StationNotFound: 404,
    errors.StationOffAir: 404,
    errors.HouseFull: 503,
    errors.InvalidStation: 400,
    errors.InvalidRequest: 400,
    errors.UnsupportedMedia: 415,
    errors.MalformedMedia: 415,
    errors.NoAudio: 422,
    errors.MediaToolFailed: 500,
    errors.PacketsLost: 500,
    errors.TrackNotFound: 404,
    errors.TrackChanged: 409,
    errors.RecordingChanged: 409,
    errors.RenditionNotReady: 404,
    errors.BlobNotFound: 404,
    errors.StorageFull: 507,
    errors.StorageFailed: 500,
    errors.StorageAway: 503,
    errors.CatalogAway: 503,
    errors.SyncFailed: 500,
    errors.TooManyRecordings: 429,
    errors.SpoolQuotaReached: 507,
    errors.SourceTimedOut: 408,
    errors.SourceDisconnected: 400,
}

_TITLES = {CHECKSUM_MISMATCH_STATUS: "Checksum Mismatch"}
_NO_BODY_BELOW = 400
_SHOWN = ("since", "station", "accepted", "expected", "limit_bytes", "limit")
_COME_BACK_IN_S = (5, 15)
"""Not all of those who are sent away at once are to return at once."""
PROBLEM_PREFIXES = ("/api/", "/live/", "/tracks", "/stream")


def problem(
    status: int, detail: str, headers: dict[str, str] | None = None, **extra: object
) -> web.Response:
    """Return a problem details response."""
    title = _TITLES.get(status) or HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}
    return web.Response(
        status=status,
        headers=headers,
        body=json.dumps(body).encode(),
        content_type="application/problem+json",
    )


def problem_of(error: errors.AudioStreamError) -> web.Response:
    """Return the response for a domain error."""
    extra: dict[str, object] = {}
    for name in _SHOWN:
        value = getattr(error, name, None)
        if value is not None:
            extra[name] = value.isoformat() if isinstance(value, datetime) else value
    headers = {}
    if isinstance(error, errors.OffsetMismatch):
        headers["Upload-Offset"] = str(error.expected)
    elif isinstance(error, errors.RecordingFinished):
        headers["Upload-Offset"] = str(error.offset)
    elif isinstance(error, errors.TooManyRecordings):
        headers["Retry-After"] = "30"
    response = problem(STATUS[type(error)], str(error), headers, **extra)
    if isinstance(error, errors.HouseFull):
        response.headers["Retry-After"] = str(random.randint(*_COME_BACK_IN_S))  # noqa: S311 - no secret
        response.force_close()  # its place is needed
    return response


def problems_middleware(journal: Journal) -> web.Middleware:  # type: ignore[name-defined]
    """Return the middleware that turns every error into a problem a person can read."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except errors.AudioStreamError as error:
            if request.get(RESPONSE_STARTED):
                raise ConnectionAbortedError from error  # a status would be heard as noise
            # A full house is no failure, and a crowd would fill the log with it.
            is_full = isinstance(error, errors.HouseFull)
            if STATUS[type(error)] >= HTTPStatus.INTERNAL_SERVER_ERROR and not is_full:
                journal.note("request failed", request.path, reason=str(error))
            return problem_of(error)
        except web.HTTPException as error:
            if error.status < _NO_BODY_BELOW or not request.path.startswith(PROBLEM_PREFIXES):
                raise
            kept = {k: v for k, v in error.headers.items() if k.lower() != "content-type"}
            kept.pop("Content-Length", None)
            return problem(error.status, _sentence_of(request, error), kept)
        except Exception as error:
            if isinstance(error, ConnectionError) and _has_left(request):
                return web.Response()  # nobody gets it; aiohttp would log pages about the error
            if request.get(RESPONSE_STARTED) or isinstance(error, ConnectionError):
                raise
            journal.error("request failed", request.path, error)
            return problem(500, "Something went wrong on the server. Its log tells what.")

    return middleware


def _has_left(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _sentence_of(request: web.Request, error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPMethodNotAllowed):
        methods = ", ".join(sorted(error.allowed_methods))
        return f"{request.method} is nothing that this address takes; it takes {methods}."
    if isinstance(error, web.HTTPNotFound):
        return "There is nothing at this address."
    return error.text or error.reason
