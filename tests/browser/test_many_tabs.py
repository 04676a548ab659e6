"""A browser gives six connections to a host; all the tabs of one person must do with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browser.conftest import go_on_air, stop

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_five_listener_tabs_one_of_them_playing_leave_room_to_broadcast(
    visitor: BrowserContext,
) -> None:
    tabs = [await visitor.new_page() for _ in range(5)]
    for tab in tabs:
        await tab.goto("/?station=crowded")
    await tabs[0].bring_to_front()
    await tabs[0].get_by_role("button", name="Play", exact=True).click()
    studio = await visitor.new_page()
    await go_on_air(studio, station="crowded", title="In a crowd")
    await tabs[0].locator("#radio[data-state=playing]").wait_for()
    for tab in tabs:  # and the news reaches every one of them
        await tab.get_by_text("Live", exact=True).wait_for()
    sent = studio.locator("#sent")
    before = int(await sent.get_attribute("data-sent-bytes") or 0)
    await studio.wait_for_function(
        "before => Number(document.querySelector('#sent').dataset.sentBytes) > before + 10_000",
        arg=before,
    )
    await stop(studio)
    for tab in tabs:
        await tab.locator(".track-row", has_text="In a crowd").wait_for(state="attached")
