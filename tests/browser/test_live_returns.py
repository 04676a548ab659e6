"""What was away comes back to the listeners' page by itself: source, line, station and server."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.errors import HouseFull
from browser.listening import AT_THE_EDGE, become, listen, press_play, until
from browser.live_source import LiveSource
from fakes.fault_proxy import FaultProxy
from integration.product import started

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page, Route

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_source_that_catches_up_is_heard_from_its_live_edge(
    page: Page, address: str
) -> None:
    async with LiveSource(address, "away") as source:
        await listen(page, "away")
        await until(page, AT_THE_EDGE)
        source.is_cut = True
        await page.get_by_text("No sound comes just now.").wait_for()
        source.is_cut = False
        await until(page, f"jumps > 0 && {AT_THE_EDGE}")
        await page.get_by_text("No sound comes just now.").wait_for(state="hidden")


async def test_a_network_that_comes_back_brings_the_sound_back(page: Page, address: str) -> None:
    lost = asyncio.Event()

    async def lose(piece: bytes) -> bytes:
        if lost.is_set():
            await asyncio.Event().wait()  # no byte more, and no word that there will be none
        return piece

    async with FaultProxy(address) as proxy, LiveSource(address, "lost"):
        proxy.plan(lambda exchange: exchange.pass_on(answer=lose), on="/live/lost")
        await listen(page, "lost", at=proxy.url)
        lost.set()
        await page.get_by_text("No sound comes just now.").wait_for()
        await page.evaluate("dispatchEvent(new Event('online'))")
        await proxy.came("/live/lost", times=2)
        await become(page, "playing")
        await until(page, AT_THE_EDGE)
        await page.close()


async def test_who_is_refused_reads_why_and_hears_it_as_soon_as_there_is_a_place(
    page: Page, address: str
) -> None:
    refusal = str(HouseFull())
    is_full = asyncio.Event()
    is_full.set()

    async def answer(route: Route) -> None:
        if is_full.is_set():
            await route.fulfill(status=503, json={"status": 503, "detail": refusal})
        else:
            await route.continue_()

    await page.route("**/live/crowded*", answer)
    async with LiveSource(address, "crowded"):
        await press_play(page, "crowded")
        await page.get_by_text(f"{refusal} Trying again…").wait_for()
        is_full.clear()
        await become(page, "playing")


async def test_a_station_that_comes_back_on_air_is_heard_again(page: Page, address: str) -> None:
    async with LiveSource(address, "again"):
        await listen(page, "again")
    await become(page, "offAir")
    async with LiveSource(address, "again"):
        await become(page, "playing")
        await until(page, AT_THE_EDGE)


async def test_a_server_that_comes_back_is_heard_again_without_a_reload(
    page: Page, tmp_path: Path
) -> None:
    product = [sys.executable, "-m", "audio_stream"]
    with started(product, tmp_path) as address:
        port = int(address.rpartition(":")[2])
        source = await LiveSource(address).__aenter__()
        await listen(page, "main", at=f"http://localhost:{port}")
    await page.locator("#radio:not([data-state=playing])").wait_for()
    with started(product, tmp_path, port=port):
        await become(page, "playing")
        await until(page, AT_THE_EDGE)
        await source.__aexit__()
