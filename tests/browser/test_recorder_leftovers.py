"""A page that went away in the middle of a recording: the next visit has what it left."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import Error, expect

from browser.conftest import ALLOWED, MICROPHONE, elapsed_s, go_on_air, launch
from browser.recording import assert_track_whole, hears_sweep, lose_network, not_sent

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Locator, Page, Playwright

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browser]:
    sound = hears_sweep(tmp_path_factory.mktemp("microphone"))
    browser = await launch(playwright, ALLOWED, MICROPHONE, sound)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(browser: Browser, address: str) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(base_url=address)
    context.set_default_timeout(20_000)
    yield context
    await context.close()


async def _record_and_crash(visitor: BrowserContext, station: str) -> float:
    """Record, lose the network, record on, crash; return how long all of it was."""
    page = await visitor.new_page()
    await go_on_air(page, station=station, title=f"On {station}")
    await lose_network(page)
    await not_sent(page, 2)
    recorded_s = await elapsed_s(page)
    async with page.expect_event("crash"):
        with suppress(Error):
            await page.goto("chrome://crash")
    return recorded_s


def _left(page: Page, title: str) -> Locator:
    return (
        page.get_by_role("region", name="Not sent yet")
        .get_by_role("listitem")
        .filter(has_text=title)
    )


async def _send_the_rest(row: Locator) -> str:
    await row.get_by_role("button", name="Send the rest").click()
    link = row.get_by_role("link", name="Track")
    return (await link.get_attribute("href") or "").partition("track=")[2]


async def test_what_a_crashed_tab_left_is_sent_and_the_track_is_whole(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    recorded_s = await _record_and_crash(visitor, "crashed")
    page = await visitor.new_page()
    await page.goto("/record")
    row = _left(page, "On crashed")
    await expect(row).to_contain_text(re.compile(r"0:0[2-5] of 0:0\d not sent yet"))
    track_id = await _send_the_rest(row)
    await assert_track_whole(page, track_id, tmp_path, duration_s=recorded_s)
    await page.reload()
    await page.get_by_role("button", name="Record", exact=True).wait_for()
    assert await row.count() == 0
