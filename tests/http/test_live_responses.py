"""Live sound over real connections."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING

import pytest

from contracts.live_feed_contract import (
    INITIALIZATION,
    JAZZ,
    MAIN,
    TYPE,
    go_on_air,
    publish,
    recording,
    segment,
    unchunked,
)
from radio import Radio, chunk_of, head_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def radio() -> AsyncIterator[Radio]:
    radio = Radio()
    await radio.open()
    yield radio
    await radio.close()


@pytest.mark.parametrize("path", ["/live/main", "/stream"])
async def test_a_listener_gets_sound_until_the_recording_ends(radio: Radio, path: str) -> None:
    go_on_air(radio.feed, recording(), *range(10))
    reader = await radio.ask(path)
    status, headers = await head_of(reader)
    assert status == 200
    assert headers["content-type"] == TYPE
    assert headers["cache-control"] == "no-store"
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["transfer-encoding"] == "chunked"
    assert headers["connection"] == "close"
    assert "content-length" not in headers
    assert await chunk_of(reader) == INITIALIZATION + b"[6][7][8][9]"
    publish(radio.feed, recording(), 10)
    assert await chunk_of(reader) == b"[10]"
    radio.feed.release(recording().id)
    assert await reader.read() == b"0\r\n\r\n"


async def test_an_http_1_0_client_gets_no_chunked_framing(radio: Radio) -> None:
    go_on_air(radio.feed, recording(), 1)
    reader = await radio.ask("/live/main", version="1.0")
    _, headers = await head_of(reader)
    assert "transfer-encoding" not in headers
    assert headers["connection"] == "close"
    assert await reader.readexactly(9) == INITIALIZATION + b"[1]"
    publish(radio.feed, recording(), 2)
    radio.feed.release(recording().id)
    assert await reader.read() == b"[2]"


@pytest.mark.parametrize(
    ("query", "backlog"),
    [
        ("", b"[96][97][98][99]"),
        ("?backlog=0", b""),
        ("?backlog=2", b"[98][99]"),
        ("?backlog=1.5", b"[98][99]"),
        ("?backlog=-3", b""),
        ("?backlog=1e9", b"".join(b"[%d]" % k for k in range(70, 100))),
    ],
)
async def test_a_listener_says_how_much_it_wants_at_once(
    radio: Radio, query: str, backlog: bytes
) -> None:
    go_on_air(radio.feed, recording(), *range(100))
    reader = await radio.ask(f"/live/main{query}")
    await head_of(reader)
    assert await chunk_of(reader) == INITIALIZATION + backlog


@pytest.mark.parametrize("query", ["?backlog=all", "?backlog=nan", "?backlog="])
async def test_a_backlog_that_is_no_number_is_refused(radio: Radio, query: str) -> None:
    go_on_air(radio.feed, recording(), 1)
    status, headers = await head_of(await radio.ask(f"/live/main{query}"))
    assert status == 400
    assert headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/live/main", "Station main is off air right now."),
        ("/stream", "Station main is off air right now."),
        ("/live/jazz", "There is no station called jazz."),
        ("/live/..%2fetc", "There is no station called ../etc."),
        ("/live/jazz.m3u", "There is no station called jazz."),
    ],
)
async def test_what_cannot_be_heard_is_404_and_says_why(
    radio: Radio, path: str, detail: str
) -> None:
    reader = await radio.ask(path, "Connection: close")
    status, headers = await head_of(reader)
    assert status == 404
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(await reader.read())["detail"] == detail


async def test_head_tells_the_type_and_takes_no_place(radio: Radio) -> None:
    go_on_air(radio.feed, recording(), 1)
    reader = await radio.ask("/live/main", method="HEAD")
    status, headers = await head_of(reader)
    assert status == 200
    assert headers["content-type"] == TYPE
    assert "content-length" not in headers
    assert await reader.read() == b""
    assert radio.feed.stations()[0].listeners == 0


async def test_a_listener_that_leaves_frees_its_place_at_once(radio: Radio) -> None:
    go_on_air(radio.feed, recording(), 1)
    reader = await radio.ask("/live/main")
    await head_of(reader)
    assert radio.feed.stations()[0].listeners == 1
    radio.hang_up()
    await radio.until_listeners(0)


async def test_aiohttp_keeps_nothing_for_a_listener(radio: Radio) -> None:
    go_on_air(radio.feed, recording(), 1)
    readers = [await radio.ask("/live/main") for _ in range(5)]
    for reader in readers:
        await head_of(reader)
        await chunk_of(reader)
    assert radio.connections_of_aiohttp() == 0
    publish(radio.feed, recording(), 2)
    assert [await chunk_of(reader) for reader in readers] == [b"[2]"] * 5


async def test_a_server_that_ends_ends_its_listeners_first(radio: Radio) -> None:
    go_on_air(radio.feed, recording(), 1)
    reader = await radio.ask("/live/main")
    await head_of(reader)
    await chunk_of(reader)
    async with asyncio.timeout(20):
        await radio.runner.cleanup()
    assert await reader.read() == b"0\r\n\r\n"


async def test_a_listeners_socket_sends_at_once_and_buffers_little(radio: Radio) -> None:
    go_on_air(radio.feed, recording(), 1)
    await head_of(await radio.ask("/live/main"))
    (listener,) = radio.feed.on_air(MAIN)._listeners
    connection = listener._transport.get_extra_info("socket")
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    # Linux tells twice what was asked for: half is for its own bookkeeping.
    assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * 64 * 1024


async def test_one_that_stops_reading_is_dropped_and_the_others_hear_everything(
    radio: Radio,
) -> None:
    go_on_air(radio.feed, recording())
    stalled, other = await radio.ask("/live/main"), await radio.ask("/live/main")
    for reader in (stalled, other):
        await head_of(reader)
        assert await chunk_of(reader) == INITIALIZATION
    # A reader whose buffer is full stops reading: the systems' buffers fill up behind it.
    for k in range(400):
        one = segment(k, 32_000)
        radio.feed.publish(
            recording(), media_type=TYPE, initialization=INITIALIZATION, segments=[one]
        )
        assert await chunk_of(other) == one.data
        radio.clock.advance(0.25)
    assert radio.feed.stations()[0].listeners == 1


async def test_nothing_a_listener_sends_disturbs_its_sound(radio: Radio) -> None:
    go_on_air(radio.feed, recording(), 1)
    reader = await radio.ask("/live/main?backlog=0")
    await head_of(reader)
    assert await chunk_of(reader) == INITIALIZATION
    radio._writers[-1].write(b"GET /live/main HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
    await radio._writers[-1].drain()
    publish(radio.feed, recording(), 2)
    assert await chunk_of(reader) == b"[2]"


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ((), "http://radio.example:{port}"),
        (("X-Forwarded-Proto: https", "X-Forwarded-Host: fm.example"), "https://fm.example"),
        (("X-Forwarded-Proto: http, https",), "https://radio.example:{port}"),
    ],
)
async def test_playlists_give_the_address_that_the_client_used(
    radio: Radio, headers: tuple[str, ...], base: str
) -> None:
    go_on_air(radio.feed, recording(station=JAZZ, title="Blue “in” Green"), 1)
    url = base.format(port=radio.port) + "/live/jazz"
    m3u = await radio.ask("/live/jazz.m3u", "Connection: close", *headers)
    _, m3u_headers = await head_of(m3u)
    assert m3u_headers["content-type"] == "audio/x-mpegurl; charset=utf-8"
    assert (await m3u.read()).decode() == f"#EXTM3U\n#EXTINF:-1,Blue “in” Green\n{url}\n"
    pls = await radio.ask("/live/jazz.pls", "Connection: close", *headers)
    _, pls_headers = await head_of(pls)
    assert pls_headers["content-type"] == "audio/x-scpls; charset=utf-8"
    lines = (await pls.read()).decode().splitlines()
    assert lines[0] == "[playlist]"
    assert f"File1={url}" in lines
    assert "Title1=Blue “in” Green" in lines


@pytest.mark.parametrize("host", ["a b", "evil.example/path", "x@y", "a\x01"])
async def test_a_host_that_cannot_be_one_is_refused(radio: Radio, host: str) -> None:
    status, _ = await head_of(await radio.ask("/live/main.m3u", f"X-Forwarded-Host: {host}"))
    assert status == 400


async def test_stations_are_told(radio: Radio) -> None:
    go_on_air(radio.feed, recording(), 1)
    await head_of(await radio.ask("/live/main"))
    reader = await radio.ask("/api/stations", "Connection: close")
    await head_of(reader)
    assert json.loads(await reader.read()) == {
        "stations": [
            {
                "station": "main",
                "title": "Monday",
                "live": True,
                "started_at": "2026-11-22T12:00:00+00:00",
                "listeners": 1,
                "mime_type": TYPE,
            }
        ]
    }


async def test_the_last_frame_arrives_before_the_end(radio: Radio) -> None:
    go_on_air(radio.feed, recording())
    reader = await radio.ask("/live/main?backlog=0")
    await head_of(reader)
    for k in range(50):
        publish(radio.feed, recording(), k)
    radio.feed.release(recording().id)
    chunks, rest = unchunked(await reader.read())
    assert rest == b""
    assert b"".join(chunks) == INITIALIZATION + b"".join(b"[%d]" % k for k in range(50))
