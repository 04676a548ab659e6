"""Lines that bring nothing any more and never say so: whoever waits on one gives it up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from browser.listening import MP3_ALONE, NO_DECODER, become, press_play
from browser.live_source import LiveSource
from browser.recording import hurry
from fakes.fault_proxy import FaultProxy, hangs

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

pytestmark = pytest.mark.asyncio(loop_scope="session")

OLD_SAFARI = "delete AbortSignal.any; delete AbortSignal.timeout;"
"""What 17.3 and 15.6 have not: those who need the ways that need no Media Source may be older."""
WAYS = {"ring": "", "mse": NO_DECODER, "mp3": MP3_ALONE}
HURRY = ("ANSWER_WITHIN_MS = 15_000;", "ANSWER_WITHIN_MS = 100;")
# Not before the line is lost: a busy computer is silent too.
IMPATIENT = "SILENCE_MS = { valueOf: () => globalThis.patience_ms ?? 10_000 };"
NO_EVENTS = """
for (const type of ["progress", "timeupdate"]) {
  addEventListener(type, (event) => event.stopImmediatePropagation(), true);
}
"""

UPLOAD = """async () => {
  const { Uploader } = await import("/static/uploader.js");
  const { MemoryQueue } = await import("/static/chunk-queue.js");
  const answers = [
    null,
    new Response('{"detail": "Somebody is on air."}', { status: 409 }),  // it is ourselves
    new Response(null, { status: 201, headers: { Location: "/api/recordings/the-id" } }),
    null,
    null,
    new Response(null, { headers: { "Upload-Offset": "0" } }),
    new Response(null, { status: 204, headers: { "Upload-Offset": "3" } }),
  ];
  const asked = [];
  globalThis.fetch = (_, { method, signal }) => {
    asked.push(method);
    const answer = answers.shift();
    if (answer) return Promise.resolve(answer);
    return new Promise((_, reject) => signal.addEventListener("abort", reject));
  };
  const uploader = new Uploader({ queue: new MemoryQueue(), metadata: {} });
  const impatience = setInterval(() => uploader.wake(), 0);
  const done = uploader.run();
  uploader.push(new Uint8Array(3), 1);
  uploader.finish();
  await done;
  clearInterval(impatience);
  return asked.join(" ");
}"""

MAKES_WAY = """async () => {
  const { Uploader } = await import("/static/uploader.js");
  const { MemoryQueue } = await import("/static/chunk-queue.js");
  let asked = 0;
  const server = {
    async createRecording() {
      asked++;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return "the-id";
    },
    appendChunk: async ({ offset, body }) => {
      const end = offset + (body?.length ?? 0);
      return { offset: end, kept: end };
    },
  };
  const uploader = new Uploader({ queue: new MemoryQueue(), metadata: {}, server });
  const done = uploader.run();
  uploader.push(new Uint8Array(3), 1);
  uploader.finish();
  await done;
  return asked;
}"""


@pytest.mark.parametrize("way", WAYS)
async def test_sound_that_ceases_and_a_new_try_that_is_not_answered_are_given_up(
    visitor: BrowserContext, address: str, way: str
) -> None:
    lost = asyncio.Event()

    async def lose(piece: bytes) -> bytes:
        if lost.is_set():
            await asyncio.Event().wait()
        return piece

    page = await visitor.new_page()
    await page.add_init_script(OLD_SAFARI + WAYS[way])
    await hurry(page, "liveness.js", "SILENCE_MS = 10_000;", IMPATIENT)
    line = f"/live/dead-{way}" + (r"\.mp3" if way == "mp3" else "")
    async with FaultProxy(address) as proxy, LiveSource(address, f"dead-{way}"):
        proxy.plan(lambda exchange: exchange.pass_on(answer=lose), on=line)
        proxy.plan(hangs, on=line)
        await press_play(page, f"dead-{way}", at=proxy.url)
        await become(page, "playing")
        assert await page.locator(f"#player[data-way={way}]").count() == 1
        lost.set()
        await page.evaluate("globalThis.patience_ms = 1000")
        await become(page, "unreachable")
        await become(page, "playing")
        assert proxy.count(line) == 3
        await page.close()


async def test_an_element_that_plays_is_not_given_up_where_no_event_tells_of_its_line(
    visitor: BrowserContext, address: str
) -> None:
    page = await visitor.new_page()
    await page.add_init_script(WAYS["mp3"] + NO_EVENTS)
    line = r"/live/quiet\.mp3"
    async with FaultProxy(address) as proxy, LiveSource(address, "quiet"):
        await press_play(page, "quiet", at=proxy.url)
        await become(page, "playing")
        await asyncio.sleep(1.2)
        await page.evaluate("dispatchEvent(new Event('online'))")
        await asyncio.sleep(0.5)
        await become(page, "playing")
        assert proxy.count(line) == 1
        await page.close()


async def test_news_of_the_network_end_a_first_try_that_is_not_answered(
    visitor: BrowserContext, address: str
) -> None:
    page = await visitor.new_page()
    await hurry(page, "liveness.js", "SILENCE_MS = 10_000;", "SILENCE_MS = 1_000_000;")
    async with FaultProxy(address) as proxy, LiveSource(address, "unanswered"):
        proxy.plan(hangs, on="/live/unanswered")
        await press_play(page, "unanswered", at=proxy.url)
        await proxy.came("/live/unanswered")
        await asyncio.sleep(1.2)  # it takes a second to be suspicious
        await page.evaluate("dispatchEvent(new Event('online'))")
        await become(page, "playing")
        await page.close()


async def test_a_recording_goes_on_after_requests_that_are_never_answered(
    visitor: BrowserContext,
) -> None:
    page = await visitor.new_page()
    await page.add_init_script(OLD_SAFARI)
    await hurry(page, "api.js", *HURRY)
    await page.goto("/no-such-page")
    assert await page.evaluate(UPLOAD) == "POST POST POST PATCH HEAD HEAD PATCH"


async def test_sending_an_earlier_recording_first_may_take_its_time(
    visitor: BrowserContext,
) -> None:
    page = await visitor.new_page()
    await hurry(page, "api.js", *HURRY)
    await page.goto("/no-such-page")
    assert await page.evaluate(MAKES_WAY) == 1
