"""How a page hears a station in browsers that cannot take what its source sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from browser.conftest import go_on_air, stop
from browser.listening import MP3_ALONE, NO_DECODER, listen
from browser.live_source import LiveSource
from browser.signals import nearest_tone
from browser.test_main_job import SAMPLE_TONES

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHOOSE = """async (can) => {
  const { chooseWay } = await import("/static/live-way.js");
  return chooseWay({ ring: can.includes("ring"), mse: can.includes("mse"),
    plain: can.includes("plain") });
}"""

CAN_RING = """async (type) => {
  const { canRing } = await import("/static/live-ring.js");
  const sounds = new AudioContext({ sampleRate: 48_000 });
  const others = new AudioContext({ sampleRate: 44_100 });
  if (canRing(type, others.destination) || canRing(type, null)) throw new Error("no output for it");
  return canRing(type, sounds.destination);
}"""

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

DECODES_NOTHING = {
    "it says so at once": """
      AudioDecoder.prototype.configure = () => {
        throw new DOMException("No.", "NotSupportedError");
      };""",
    "it says so later": """
      globalThis.AudioDecoder = class extends AudioDecoder {
        constructor(init) {
          super(init);
          this.decode = () => init.error(new DOMException("Oh.", "EncodingError"));
        }
      };""",
    "its worklet does not load": """
      AudioWorklet.prototype.addModule = () => Promise.reject(new DOMException("", "AbortError"));
    """,
}
BUFFERS_NOTHING = {
    "it says so at once": """
      MediaSource.prototype.addSourceBuffer = () => {
        throw new DOMException("No.", "NotSupportedError");
      };""",
    "it says so later": """
      const append = SourceBuffer.prototype.appendBuffer;
      SourceBuffer.prototype.appendBuffer = function () {
        append.call(this, new Uint8Array(1000));
      };""",
}
ON_LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
PHONES = {
    "Android": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/150.0.0.0 Mobile Safari/537.36",
    "iPhone": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
}
COUNT_CONTEXTS = """
  globalThis.contexts = 0;
  globalThis.AudioContext = class extends AudioContext {
    constructor(...options) {
      super(...options);
      globalThis.contexts++;
    }
  };
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


@pytest.mark.parametrize("trouble", DECODES_NOTHING)
async def test_a_browser_that_cannot_decode_after_all_uses_media_source(
    visitor: BrowserContext, address: str, trouble: str
) -> None:
    page = await visitor.new_page()
    await page.add_init_script(DECODES_NOTHING[trouble])
    async with LiveSource(address, "undecoded"):
        await page.goto("/?station=undecoded")
        await page.get_by_role("button", name="Play", exact=True).click()
        await page.locator("#player[data-way=mse]").wait_for(state="attached")


@pytest.mark.parametrize("trouble", BUFFERS_NOTHING)
async def test_a_browser_that_cannot_buffer_after_all_plays_with_the_element_alone(
    visitor: BrowserContext, address: str, trouble: str
) -> None:
    page = await visitor.new_page()
    await page.add_init_script(NO_DECODER + BUFFERS_NOTHING[trouble])
    async with LiveSource(address, "unbuffered"):
        await listen(page, "unbuffered")
        assert await page.locator("#player[data-way=plain]").count() == 1


@pytest.mark.parametrize(
    ("agent", "type_", "can"),
    [
        (ON_LINUX + "Chrome/150.0.0.0 Safari/537.36", "audio/webm;codecs=opus", True),
        (ON_LINUX + "Chrome/150.0.0.0 Safari/537.36", 'audio/webm; codecs="opus"', True),
        (ON_LINUX + "Chrome/150.0.0.0 Safari/537.36", "audio/webm", True),
        (ON_LINUX + "Chrome/150.0.0.0 Safari/537.36", "audio/webm;codecs=vorbis", False),
        (ON_LINUX + "Chrome/150.0.0.0 Safari/537.36", "audio/ogg;codecs=opus", False),
        (ON_LINUX + "Chrome/150.0.0.0 Safari/537.36", "video/webm;codecs=opus", False),
        (ON_LINUX + "Version/26.0 Safari/605.1.15", "audio/webm;codecs=opus", False),
    ],
)
async def test_the_page_decodes_only_what_and_where_that_was_seen_to_go_well(
    chromium: Browser, address: str, agent: str, type_: str, *, can: bool
) -> None:
    page = await chromium.new_page(base_url=address, user_agent=agent)
    await page.goto("/no-such-page")
    assert await page.evaluate(CAN_RING, type_) is can
    await page.close()


@pytest.mark.parametrize("phone", PHONES)
async def test_on_a_phone_the_sound_stays_out_of_web_audio_which_a_locked_screen_silences(
    chromium: Browser, address: str, phone: str
) -> None:
    page = await chromium.new_page(base_url=address, user_agent=PHONES[phone])
    await page.add_init_script(COUNT_CONTEXTS)
    async with LiveSource(address, "pocket"):
        await listen(page, "pocket")
        assert await page.locator("#player[data-way=mse]").count() == 1
        assert await page.evaluate("contexts") == 0
    await page.close()


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
