"""The page's own player stays at the live edge, whatever happens to the source and the line."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from browser.listening import AT_THE_EDGE, NO_DECODER, become, count, listen, until
from browser.live_source import LiveSource
from browser.recording import hurry

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

FULL_AT_TIMES = """
  delete window.AudioDecoder;
  const append = SourceBuffer.prototype.appendBuffer;
  let appends = 0;
  SourceBuffer.prototype.appendBuffer = function (bytes) {
    if (++appends % 20 < 3) throw new DOMException("full", "QuotaExceededError");
    append.call(this, bytes);
    globalThis.appends = appends;
  };
"""
MANAGED = """
  delete window.AudioDecoder;
  globalThis.ManagedMediaSource = class extends MediaSource {
    constructor() {
      super();
      globalThis.source = this;
    }
  };
  delete globalThis.MediaSource;
"""
KEEP_CONTEXT = """
  globalThis.AudioContext = class extends AudioContext {
    constructor(...options) {
      super(...options);
      globalThis.context = this;
    }
  };
"""


async def test_late_requests_raise_the_target_and_then_silence_nothing(
    page: Page, address: str
) -> None:
    async with LiveSource(address, "late") as source:
        await listen(page, "late")
        dice = random.Random(5)
        source.late_s = lambda: dice.uniform(0.1, 0.2) if dice.random() < 0.2 else 0
        await until(page, "target_s > 0.35 && delay_s > 0.9 * target_s")
        async with asyncio.timeout(30):  # a busy machine may stall it without the line's help
            before = -1
            while before != (before := await count(page, "stalls")):
                await source.more_late(10)


async def test_who_joins_late_hears_sound_at_once_from_the_live_edge(
    page: Page, address: str
) -> None:
    async with LiveSource(address, "joined"):
        jumps = []
        for _ in range(3):
            await listen(page, "joined")
            await until(page, AT_THE_EDGE)
            await page.locator("#visualizer[data-peak-hz]:not([data-peak-hz='0'])").wait_for()
            jumps.append(await count(page, "jumps"))
        assert min(jumps) == 0, "a busy machine may be held up once"


async def test_after_a_pause_it_is_back_at_the_edge(page: Page, address: str) -> None:
    async with LiveSource(address, "paused") as source:
        await listen(page, "paused")
        source.late_s = lambda: 0.01
        jumps = []
        for _ in range(2):
            await page.get_by_role("button", name="Pause", exact=True).click()
            await source.more_late(40)
            await page.get_by_role("button", name="Play", exact=True).click()
            await become(page, "playing")
            await until(page, AT_THE_EDGE)
            jumps.append(await count(page, "jumps"))
        assert min(jumps) == 0, "a busy machine may be held up once"


async def test_sound_that_was_heard_is_let_go(visitor: BrowserContext, address: str) -> None:
    page = await visitor.new_page()
    await page.add_init_script(NO_DECODER)
    limits, lower = "10;\nconst TRIM_BEYOND_S = 30;", "1;\nconst TRIM_BEYOND_S = 1.5;"
    await hurry(page, "live-buffer.js", limits, lower)
    async with LiveSource(address, "trimmed"):
        await listen(page, "trimmed")
        await page.wait_for_function(
            """() => {
              const { buffered, currentTime } = document.querySelector("#player");
              return currentTime > 2 && currentTime - buffered.start(0) < 1.6;
            }"""
        )
        await until(page, AT_THE_EDGE)


async def test_a_sound_card_that_slept_goes_on_at_the_live_edge(
    visitor: BrowserContext, address: str
) -> None:
    page = await visitor.new_page()
    await page.add_init_script(KEEP_CONTEXT)
    async with LiveSource(address, "slept"):
        await listen(page, "slept")
        await until(page, AT_THE_EDGE)
        await page.evaluate("() => context.suspend()")
        await asyncio.sleep(3)
        await page.evaluate("() => context.resume()")
        await until(page, f"jumps > 0 && {AT_THE_EDGE}")


async def test_whoever_presses_play_and_pause_in_a_hurry_has_one_connection_that_sounds(
    page: Page, address: str
) -> None:
    async with LiveSource(address, "hurry"):
        await page.goto("/?station=hurry")
        await page.evaluate(
            """() => { for (let i = 0; i < 7; i++) document.querySelector("#play").click(); }"""
        )
        await become(page, "playing")
        await until(page, AT_THE_EDGE)
        await page.get_by_text("1 listening").wait_for()
        stations = (await (await page.request.get("/api/stations")).json())["stations"]
        assert [each["listeners"] for each in stations if each["station"] == "hurry"] == [1]


async def test_a_pause_that_is_not_the_pages_own_lets_the_stream_go_and_is_shown(
    page: Page, address: str
) -> None:
    async with LiveSource(address, "unplugged"):
        await listen(page, "unplugged")
        await page.evaluate("document.querySelector('#player').pause()")
        await page.get_by_role("button", name="Play", exact=True).wait_for()
        assert await page.evaluate("document.querySelector('#player').src") == ""


async def test_a_full_buffer_loses_nothing_and_stops_nothing(
    visitor: BrowserContext, address: str
) -> None:
    page = await visitor.new_page()
    await page.add_init_script(FULL_AT_TIMES)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    async with LiveSource(address, "full"):
        await listen(page, "full")
        await page.wait_for_function("() => globalThis.appends > 80")
        await until(page, AT_THE_EDGE)
        ranges = await page.evaluate("document.querySelector('#player').buffered.length")
        assert (ranges, await count(page, "jumps")) == (1, 0)
        assert sum("/live/full" in url for url in asked) == 1


async def test_who_is_behind_is_told_so_and_can_go_live(
    visitor: BrowserContext, address: str
) -> None:
    page = await visitor.new_page()
    await page.add_init_script(f"{NO_DECODER} delete window.MediaSource;")
    async with LiveSource(address, "behind"):
        await listen(page, "behind")
        await page.evaluate("document.querySelector('#player').playbackRate = 0.0625")
        button = page.get_by_role("button", name="behind · go live")
        await button.wait_for()
        await button.click()
        await become(page, "playing")
        await page.get_by_text("Live", exact=True).wait_for()
        assert await button.count() == 0


@pytest.mark.parametrize("width", [390, 900, 1280])
async def test_open_diagnostics_lie_on_no_button(visitor: BrowserContext, *, width: int) -> None:
    page = await visitor.new_page()
    await page.set_viewport_size({"width": width, "height": 844})
    await page.goto("/")
    await page.get_by_text("Diagnostics").click()
    await page.get_by_text("Behind the live edge").wait_for()
    for name in ("Play", "View tracks"):
        await page.get_by_role("button", name=name, exact=True).click(trial=True)
    await page.get_by_role("button", name="View tracks", exact=True).click()
    await page.get_by_role("button", name="Close tracks").click()


async def test_a_browser_with_managed_media_source_alone_plays_and_the_diagnostics_say_so(
    visitor: BrowserContext, address: str
) -> None:
    page = await visitor.new_page()
    await page.add_init_script(MANAGED)
    async with LiveSource(address, "managed"):
        await listen(page, "managed")
        diagnostics = page.locator("#diagnostics")
        await diagnostics.get_by_text("Diagnostics").click()
        await diagnostics.get_by_text("Managed Media Source").wait_for()
        await diagnostics.get_by_text("audio/webm, opus").wait_for()
        assert await page.evaluate("document.querySelector('#player').disableRemotePlayback")
        # It wants no more sound for now, to save power; but there is not enough to play on with.
        await page.evaluate("globalThis.source.dispatchEvent(new Event('endstreaming'))")
        later_s = await page.evaluate("document.querySelector('#player').currentTime + 1")
        played = "(later_s) => document.querySelector('#player').currentTime > later_s"
        await page.wait_for_function(played, arg=later_s)
