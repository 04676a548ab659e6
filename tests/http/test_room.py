"""When more come than there is room for: served, or told when to come back."""

from __future__ import annotations

import json
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from contracts.live_feed_contract import INITIALIZATION, go_on_air, publish, recording
from radio import Radio, chunk_of, head_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator


@asynccontextmanager
async def on_air(*, most_listeners: int = 0, descriptors: int = 1 << 20) -> AsyncIterator[Radio]:
    radio = Radio(most_listeners=most_listeners, descriptors=descriptors)
    await radio.open()
    go_on_air(radio.feed, recording())
    try:
        yield radio
    finally:
        await radio.close()


def lowest_free_descriptor() -> int:
    descriptor = os.open(os.devnull, os.O_RDONLY)
    os.close(descriptor)
    return descriptor


async def assert_sent_away(reader: asyncio.StreamReader) -> None:
    status, headers = await head_of(reader)
    assert status == 503
    assert 5 <= int(headers["retry-after"]) <= 15
    assert headers["connection"] == "close"
    problem = json.loads(await reader.read())
    assert problem["detail"] == (
        "All places on this server are taken right now. One may be free in a moment."
    )


@pytest.mark.parametrize("path", ["/live/main", "/live/main.mp3", "/stream"])
async def test_one_more_than_there_may_be_is_told_when_to_come_back(path: str) -> None:
    async with on_air(most_listeners=2) as radio:
        heard = [await radio.ask("/live/main") for _ in range(2)]
        for reader in heard:
            await head_of(reader)
            assert await chunk_of(reader) == INITIALIZATION
        await assert_sent_away(await radio.ask(path))
        publish(radio.feed, recording(), 1)
        assert [await chunk_of(reader) for reader in heard] == [b"[1]"] * 2


async def test_a_place_that_becomes_free_is_given_again() -> None:
    async with on_air(most_listeners=1) as radio:
        first = await radio.ask("/live/main")
        await head_of(first)
        await assert_sent_away(await radio.ask("/live/main"))
        radio.hang_up()
        radio.hang_up()
        await radio.until_listeners(0)
        assert (await head_of(await radio.ask("/live/main")))[0] == 200


async def test_listeners_leave_the_last_descriptors_to_those_who_record() -> None:
    most = lowest_free_descriptor() + 20
    async with on_air(descriptors=most) as radio:
        answers = [await head_of(await radio.ask("/live/main")) for _ in range(20)]
        statuses = [status for status, _ in answers]
        assert statuses == sorted(statuses)
        assert 5 < statuses.count(200) < 15  # two descriptors each: the client's is in this process
        assert statuses[-1] == 503
        assert (await head_of(await radio.ask("/api/stations")))[0] == 200
