"""Thousands may come at once, and nobody who is there already waits for them."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack

from aiohttp import web

from audio_stream.infrastructure.gradual_site import GradualSite

GUESTS = 200


async def test_all_may_wait_and_a_few_are_let_in_at_a_time() -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await GradualSite(runner, "127.0.0.1", 0).start()
    try:
        with ExitStack() as guests:
            for _ in range(GUESTS):  # the loop accepts none of them meanwhile
                guests.enter_context(socket.create_connection(runner.addresses[0][:2], timeout=5))
            assert runner.server is not None
            inside = turns = 0
            async with asyncio.timeout(10):
                while inside < GUESTS:
                    await asyncio.sleep(0)
                    turns += 1
                    inside = len(runner.server.connections)
            assert turns > GUESTS / 10
    finally:
        await runner.cleanup()
