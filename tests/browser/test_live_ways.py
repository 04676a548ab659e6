"""How a page hears a station in browsers that cannot take what its source sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browser.conftest import go_on_air, stop
from browser.signals import nearest_tone
from browser.test_main_job import SAMPLE_TONES

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHOOSE = """async (can) => {
  const { chooseWay } = await import("/static/live-way.js");
  return chooseWay({ ring: can.includes("ring"), mse: can.includes("mse"),
    plain: can.includes("plain") });
}"""

MP3_ALONE = """
  delete window.AudioDecoder;
  delete window.MediaSource;
  HTMLMediaElement.prototype.canPlayType = (type) => (type === "audio/mpeg" ? "probably" : "");
"""
CLAIMS_TOO_MUCH = """
  delete window.AudioDecoder;
  delete window.MediaSource;
  const src = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "src");
  const isSource = (url) => /\\/live\\/[a-z0-9-]+\\?/.test(url);
  Object.defineProperty(HTMLMediaElement.prototype, "src", {
    get: src.get,
    set(url) { src.set.call(this, isSource(url) ? "data:audio/webm;base64,AAAA" : url); },
  });
"""


@pytest.mark.parametrize(
    ("can", "way"),
    [
        (["ring", "mse", "plain"], "ring"),
        (["mse", "plain"], "mse"),
        (["plain"], "plain"),
        (["ring"], "ring"),
        ([], "mp3"),
    ],
)
async def test_the_best_way_there_is_is_chosen(
    visitor: BrowserContext, can: list[str], way: str
) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    assert await page.evaluate(CHOOSE, can) == way


async def test_a_browser_that_can_do_nothing_else_plays_the_mp3(visitor: BrowserContext) -> None:
    studio = await visitor.new_page()
    await go_on_air(studio, station="as-mp3")
    listeners = [await visitor.new_page() for _ in range(2)]
    for listener, browser in zip(listeners, (MP3_ALONE, CLAIMS_TOO_MUCH), strict=True):
        await listener.add_init_script(browser)
        await listener.goto("/?station=as-mp3")
        await listener.get_by_role("button", name="Play", exact=True).click()
    for listener in listeners:
        await listener.locator("#player[data-way=mp3]").wait_for(state="attached")
        await listener.bring_to_front()
        heard = {nearest_tone(hz) for hz in await listener.evaluate(SAMPLE_TONES, 1.5)} - {0}
        assert len(heard) >= 2
    await stop(studio)
