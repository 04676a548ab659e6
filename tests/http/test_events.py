"""Server-sent events: pages are told what happens as it happens."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from aiohttp.test_utils import make_mocked_request

from audio_stream.adapters.http import page_events
from audio_stream.adapters.http.page_events import EventsController, PageEvents
from audio_stream.adapters.http.room import Room
from audio_stream.domain.events import TrackChangedEvent
from audio_stream.domain.ids import TrackId
from fakes.sounds import ogg, webm

if TYPE_CHECKING:
    from aiohttp import ClientResponse

    from served import Product

SOUND = ogg(3000)


class Page:
    """What an EventSource does."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response

    @classmethod
    async def open(cls, product: Product) -> Page:
        response = await product.client.get("/api/events")
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        assert response.headers["Cache-Control"].startswith("no-")
        assert response.headers["X-Accel-Buffering"] == "no"
        return cls(response)

    async def next(self) -> tuple[str, dict[str, Any]]:
        """Return the next event's name and data."""
        async with asyncio.timeout(20):
            message = (await self.response.content.readuntil(b"\r\n\r\n")).decode()
        fields = dict(line.split(": ", 1) for line in message.strip().splitlines())
        return fields["event"], json.loads(fields["data"])

    async def next_of(self, name: str) -> dict[str, Any]:
        """Return the data of the next event of that name."""
        while True:
            found, data = await self.next()
            if found == name:
                return data


async def test_a_station_that_goes_on_and_off_air_is_told(product: Product) -> None:
    page = await Page.open(product)
    path = await product.begin(title="Live!")
    sound = webm(50)
    await product.append(path, 0, sound)
    name, on_air = await page.next()
    assert name == "station"
    (station,) = (await product.json("/api/stations"))["stations"]
    assert on_air == station
    assert (on_air["station"], on_air["title"], on_air["live"]) == ("main", "Live!", True)
    await product.append(path, len(sound), Upload_Length=str(len(sound)))
    off_air = await page.next_of("station")
    assert (off_air["station"], off_air["live"]) == ("main", False)


async def test_a_track_that_comes_changes_and_goes_is_told(product: Product) -> None:
    pages = [await Page.open(product) for _ in range(3)]
    track_id = await product.record(SOUND)
    for page in pages:
        for _ in ("promised", "ready", "MP3"):
            assert await page.next() == ("track", {"id": track_id, "deleted": False})
    await product.client.patch(f"/api/tracks/{track_id}", json={"title": "After"})
    for page in pages:
        assert await page.next() == ("track", {"id": track_id, "deleted": False})
    await product.client.delete(f"/api/tracks/{track_id}")
    for page in pages:
        assert await page.next() == ("track", {"id": track_id, "deleted": True})


async def test_a_page_that_left_is_forgotten_and_the_others_hear_on(product: Product) -> None:
    gone, staying = await Page.open(product), await Page.open(product)
    events = product.container.events()
    assert len(events._pages) == 2
    gone.response.close()
    async with asyncio.timeout(20):
        while len(events._pages) == 2:
            events.publish(TrackChangedEvent(TrackId("a")))
            assert await staying.next() == ("track", {"id": "a", "deleted": False})
    events.publish(TrackChangedEvent(TrackId("b")))
    assert (await staying.next())[1]["id"] == "b"


async def test_a_page_that_left_is_forgotten_although_there_is_no_news(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_events, "_PING_EVERY_S", 0.02)
    page = await Page.open(product)
    page.response.close()
    async with asyncio.timeout(20):
        while product.container.events()._pages:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.01)


async def test_a_page_that_left_before_its_stream_began_is_no_error(product: Product) -> None:
    gone = Mock()  # a connection's writer after that
    gone.write_headers.side_effect = ConnectionResetError
    events = product.container.events()
    controller = EventsController(events=events, live=product.container.live(), room=Room(10_000))
    request = make_mocked_request("GET", "/api/events", writer=gone, transport=asyncio.Transport())
    await controller.stream(request)
    assert not events._pages


async def test_the_stream_ends_with_the_program(product: Product) -> None:
    page = await Page.open(product)
    assert product.client.app is not None
    await product.client.app.shutdown()
    async with asyncio.timeout(20):
        assert await page.response.content.read() == b""


async def test_a_page_that_is_far_behind_is_disconnected() -> None:
    events = PageEvents()
    slow, quick = events.join(), events.join()
    heard = 0
    for number in range(400):
        events.publish(TrackChangedEvent(TrackId(str(number))))
        assert await quick.get() is not None
        heard += 1
    assert heard == 400
    waiting = [slow.get_nowait() for _ in range(slow.qsize())]
    assert waiting.pop() is None, "it is told to come again"
    assert len(waiting) == 256
    events.leave(slow)


@pytest.mark.parametrize("method", ["HEAD", "POST"])
async def test_events_can_only_be_got(product: Product, method: str) -> None:
    response = await product.client.request(method, "/api/events")
    assert (response.status, response.headers["Allow"]) == (405, "GET")
