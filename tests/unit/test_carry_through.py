"""Work that must be over before its caller ends."""

from __future__ import annotations

import asyncio

import pytest

from audio_stream.usecases.carry_through import carry_through


async def test_a_caller_ends_after_the_work_however_often_it_is_cancelled() -> None:
    may_end = asyncio.Event()
    over: list[str] = []

    async def work() -> None:
        await may_end.wait()
        over.append("work")

    async def call() -> None:
        try:
            await carry_through(work())
        finally:
            over.append("caller")

    calling = asyncio.create_task(call())
    for _ in range(3):
        await asyncio.sleep(0)
        calling.cancel()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert over == ["work", "caller"]
