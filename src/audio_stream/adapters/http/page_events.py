"""News for the pages as server-sent events (HTML Living Standard §9.2)."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp_sse import sse_response

from audio_stream.adapters.http.station_json import station_json
from audio_stream.domain.events import StationChanged, TrackChangedEvent, UploadProgressed
from audio_stream.usecases.ports import EventSink

if TYPE_CHECKING:
    from audio_stream.adapters.http.room import Room
    from audio_stream.domain.events import Event
    from audio_stream.usecases.ports import LiveFeed

_PING_EVERY_S = 15.0
"""So that a page that has left is noticed when there is no news for it."""
_MOST_WAITING = 256
"""A page this far behind is disconnected; it reconnects and reads everything anew."""


class PageEvents(EventSink):
    """Hands every event to every page that listens."""

    def __init__(self) -> None:
        self._pages: set[asyncio.Queue[Event | None]] = set()

    def publish(self, event: Event) -> None:
        """Queue the event for each page."""
        for page in list(self._pages):
            if page.qsize() >= _MOST_WAITING:
                self.end(page)
            else:
                page.put_nowait(event)

    def end_all(self) -> None:
        """End every page's stream, as the program ends."""
        for page in list(self._pages):
            self.end(page)

    def join(self) -> asyncio.Queue[Event | None]:
        """Return a new page's queue; None in it means the end."""
        page: asyncio.Queue[Event | None] = asyncio.Queue()
        self._pages.add(page)
        return page

    def leave(self, page: asyncio.Queue[Event | None]) -> None:
        """Forget a page."""
        self._pages.discard(page)

    def end(self, page: asyncio.Queue[Event | None]) -> None:
        """Forget a page, and end its stream."""
        self._pages.discard(page)
        page.put_nowait(None)


class EventsController:
    """`/api/events`."""

    def __init__(self, *, events: PageEvents, live: LiveFeed, room: Room) -> None:
        self._room = room
        self._events = events
        self._live = live

    def routes(self) -> list[web.RouteDef]:
        """Return the one route."""
        return [web.get("/api/events", self.stream, allow_head=False)]

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send events until the page leaves."""
        self._room.require(request)
        page = self._events.join()
        response: web.StreamResponse = web.Response()  # for a page that left before it began
        try:
            async with sse_response(request, ping_interval=_PING_EVERY_S) as response:
                gone = asyncio.ensure_future(response.wait())
                gone.add_done_callback(lambda _: self._events.end(page))
                while (event := await page.get()) is not None and response.is_connected():
                    name, data = self._message(event)
                    await response.send(json.dumps(data), event=name)
        except (ConnectionResetError, TimeoutError):
            pass  # the page left, or read nothing, while it was being written to
        finally:
            self._events.leave(page)
        return response

    def _message(self, event: Event) -> tuple[str, dict[str, object]]:
        if isinstance(event, TrackChangedEvent):
            return "track", {"id": event.track_id, "deleted": event.deleted}
        if isinstance(event, UploadProgressed):
            return "upload", {
                "id": event.track_id,
                "key": event.key,
                "sent_bytes": event.sent_bytes,
                "size_bytes": event.size_bytes,
            }
        return "station", self._station(event)

    def _station(self, event: StationChanged) -> dict[str, object]:
        for status in self._live.stations():
            if status.station == event.station:
                return station_json(status)
        return {"station": event.station, "live": False}
