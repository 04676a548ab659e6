"""The MP3 of a station over real connections, with titles where they are asked for."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.http.icy import METAINT_BYTES
from audio_stream.domain.titles import Title
from contracts.live_feed_contract import JAZZ, go_on_air, recording
from generators.mp3 import frame
from radio import Radio, chunk_of, head_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SOUND = b"".join(frame(9, bytes([n])) for n in range(1, 120))


@pytest.fixture
async def radio() -> AsyncIterator[Radio]:
    radio = Radio()
    await radio.open()
    yield radio
    await radio.close()


async def test_a_listener_gets_mp3(radio: Radio) -> None:
    go_on_air(radio.feed, recording(), 1)
    reader = await radio.ask("/live/main.mp3")
    status, headers = await head_of(reader)
    assert status == 200
    assert headers["content-type"] == "audio/mpeg"
    assert headers["cache-control"] == "no-store"
    assert "icy-metaint" not in headers
    converter = await radio.transcoder.started.get()
    converter.give(SOUND[:1000])
    heard = await chunk_of(reader)
    assert heard
    assert SOUND.startswith(heard)
    radio.feed.release(recording().id)
    converter.end()
    assert await reader.read() == b"0\r\n\r\n"


async def test_titles_come_between_the_sound_when_asked_for(radio: Radio) -> None:
    go_on_air(radio.feed, recording(title="Don't stop"), 1)
    reader = await radio.ask("/live/main.mp3", "Icy-MetaData: 1")
    status, headers = await head_of(reader)
    assert status == 200
    assert headers["icy-name"] == "main"
    assert headers["icy-metaint"] == str(METAINT_BYTES) == "16000"
    assert "transfer-encoding" not in headers
    assert headers["connection"] == "close"
    converter = await radio.transcoder.started.get()
    converter.give(SOUND[:20_000])
    assert await reader.readexactly(METAINT_BYTES) == SOUND[:METAINT_BYTES]
    title = await reader.readexactly(1 + 32)
    assert title == b"\x02" + "StreamTitle='Don’t stop';".encode().ljust(32, b"\0")
    radio.feed.title_changed(recording().id, Title("Go on"))
    converter.give(SOUND[20_000:])
    assert await reader.readexactly(METAINT_BYTES) == SOUND[METAINT_BYTES : 2 * METAINT_BYTES]
    assert await reader.readexactly(1 + 32) == b"\x02" + b"StreamTitle='Go on';".ljust(32, b"\0")
    assert await reader.readexactly(METAINT_BYTES) == SOUND[2 * METAINT_BYTES : 3 * METAINT_BYTES]
    assert await reader.readexactly(1) == b"\0"
    radio.feed.release(recording().id)
    converter.end()
    async with asyncio.timeout(20):
        assert (await reader.read()).endswith(SOUND[-100:])


async def test_a_player_of_http_1_0_gets_titles_too(radio: Radio) -> None:
    go_on_air(radio.feed, recording(), 1)
    reader = await radio.ask("/live/main.mp3", "Icy-MetaData: 1", version="1.0")
    _, headers = await head_of(reader)
    assert headers["icy-metaint"] == "16000"


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/live/main.mp3", "Station main is off air right now."),
        ("/live/jazz.mp3", "There is no station called jazz."),
    ],
)
async def test_what_cannot_be_heard_is_404_and_says_why(
    radio: Radio, path: str, detail: str
) -> None:
    reader = await radio.ask(path, "Connection: close", "Icy-MetaData: 1")
    status, headers = await head_of(reader)
    assert status == 404
    assert headers["content-type"] == "application/problem+json"
    assert json.loads(await reader.read())["detail"] == detail


async def test_head_starts_no_converter(radio: Radio) -> None:
    go_on_air(radio.feed, recording(), 1)
    reader = await radio.ask("/live/main.mp3", "Icy-MetaData: 1", method="HEAD")
    status, headers = await head_of(reader)
    assert (status, headers["content-type"]) == (200, "audio/mpeg")
    assert await reader.read() == b""
    assert radio.transcoder.starts == 0


async def test_a_listener_of_titles_that_leaves_frees_its_place(radio: Radio) -> None:
    go_on_air(radio.feed, recording(), 1)
    await head_of(await radio.ask("/live/main.mp3", "Icy-MetaData: 1"))
    assert radio.feed.stations()[0].listeners == 1
    radio.hang_up()
    async with asyncio.timeout(20):
        while radio.feed.stations()[0].listeners:  # noqa: ASYNC110 - that event is news only a second later
            await asyncio.sleep(0)


async def test_playlists_give_the_mp3s_address_when_asked_for(radio: Radio) -> None:
    go_on_air(radio.feed, recording(station=JAZZ), 1)
    url = f"http://radio.example:{radio.port}/live/jazz.mp3"
    for kind, line in (("m3u", url), ("pls", f"File1={url}")):
        reader = await radio.ask(f"/live/jazz.{kind}?format=mp3", "Connection: close")
        await head_of(reader)
        assert line in (await reader.read()).decode().splitlines()


async def test_a_playlist_has_no_other_formats(radio: Radio) -> None:
    go_on_air(radio.feed, recording(station=JAZZ), 1)
    status, _ = await head_of(await radio.ask("/live/jazz.m3u?format=ogg"))
    assert status == 400
