"""A headset's buttons and the lock screen, which act on what was last heard and name it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.listening import become
from browser.live_source import LiveSource
from browser.test_track_drawer import track

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOUND = Path(__file__).parents[1] / "samples" / "chromium-1000ms.webm"
KEYS = """
  globalThis.press = {};
  MediaSession.prototype.setActionHandler = (key, act) => { press[key] = act; };
  globalThis.titles = [];
  Object.defineProperty(MediaSession.prototype, "metadata", {
    set(metadata) { titles.push(metadata?.title ?? null); },
  });
"""


async def test_they_go_on_with_what_played_last_and_name_it_once(
    visitor: BrowserContext, address: str
) -> None:
    page = await visitor.new_page()
    await page.add_init_script(KEYS)
    library = {"tracks": [track("pending")], "next_cursor": None}
    await page.route("**/api/tracks?*", lambda route: route.fulfill(json=library))
    await page.route("**/x", lambda route: route.fulfill(path=SOUND, content_type="audio/webm"))
    async with LiveSource(address, "keyed"):
        await page.goto("/?station=keyed")
        await page.get_by_role("button", name="Play", exact=True).click()
        await become(page, "playing")
        await page.evaluate("press.pause()")
        await page.evaluate("press.play()")
        await become(page, "playing")
        await page.get_by_role("button", name="View tracks").click()
        await page.locator(".track-row button", has_text="A song").click()
        pause_track = page.get_by_role("button", name="Pause A song")
        await pause_track.wait_for()
        await page.evaluate("press.pause()")
        await page.get_by_role("button", name="Play A song").wait_for()
        await page.evaluate("press.play()")
        await pause_track.wait_for()
        assert await page.locator("#radio[data-state=paused]").count() == 1
        await page.get_by_role("button", name="Close track player").click()
        await page.evaluate("press.play()")
        await become(page, "playing")
        assert await page.evaluate("titles") == ["keyed", "A song", "keyed"]
