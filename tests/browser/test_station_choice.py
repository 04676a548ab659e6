"""Which station the listeners' page plays, and the choice between several."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from browser.listening import become
from browser.live_source import LiveSource

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Route

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_play_pressed_before_the_stations_are_known_plays_the_servers_default(
    visitor: BrowserContext, address: str
) -> None:
    page = await visitor.new_page()
    is_pressed = asyncio.Event()

    async def stations(route: Route) -> None:
        """Answer as a server with another default station, and late."""
        await is_pressed.wait()
        everything = (await (await route.fetch()).json())["stations"]
        everything.sort(key=lambda station: station["station"] != "my-radio")
        await route.fulfill(json={"stations": everything})

    await page.route("**/api/stations", stations)
    async with LiveSource(address, "my-radio"):
        await page.goto("/")
        await page.get_by_role("button", name="Play", exact=True).click()
        await page.get_by_text("Off air right now.").wait_for()
        is_pressed.set()
        await become(page, "playing")


async def test_a_change_of_the_audience_takes_no_station_away_from_under_the_finger(
    visitor: BrowserContext, address: str
) -> None:
    page = await visitor.new_page()
    async with LiveSource(address, "here"), LiveSource(address, "there"):
        await page.goto("/?station=here")
        option = page.locator("#stations label", has_text="there")
        await option.hover()
        await page.mouse.down()
        await page.evaluate("async () => { globalThis.sound = await fetch('/live/here'); }")
        await page.get_by_text("1 listening").wait_for()
        await page.mouse.up()
        await expect(option.get_by_role("radio")).to_be_checked()
        await page.wait_for_url("**/?station=there")
        await page.close()
