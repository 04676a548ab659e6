"""The browsers of benchmarks/latency.py: each a program of its own, its pages with the probe."""

from __future__ import annotations

import base64
import uuid
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from latency_sound import write_beeps
from playwright.async_api import Browser, async_playwright

from browser.conftest import ALLOWED, CHROMIUM, MICROPHONE, SWITCHES
from browser.drivers.chromium import ChromiumPage
from browser.drivers.engine import EnginePage, until
from browser.drivers.firefox import Firefox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from browser.drivers.firefox import RunningFirefox

PROBE = Path(__file__).with_name("latency_probe.js").read_text(encoding="utf-8")
NO_DECODER = "delete globalThis.AudioDecoder;"
LISTENS = "document.querySelector('#radio').dataset.state === 'playing'"
ON_AIR = "document.querySelector('#badge').textContent === 'On air'"


class Browsing:
    """A running browser, and the word by which its processes are known."""

    def __init__(self, browser: Browser | RunningFirefox, word: str, microphone: Path) -> None:
        self._browser = browser
        self.word = word
        self._microphone = microphone

    async def new_page(self, *, is_foreign: bool = False, script: str = "") -> EnginePage:
        """Return a page whose sound can be tapped, and where a script runs first."""
        if not isinstance(self._browser, Browser):
            page = await self._browser.new_page()
            wav = base64.b64encode(self._microphone.read_bytes()).decode()
            await page.run_first(f"() => {{{PROBE};latency.fakeMicrophone = '{wav}';{script}}}")
            return page
        # The pages' policy holds, except where something else than this product is heard.
        context = await self._browser.new_context(bypass_csp=is_foreign)
        await context.add_init_script(PROBE + script)
        return ChromiumPage(await context.new_page())


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Browsing]:
    """Start a Chromium whose microphone plays the beeps."""
    beeps = write_beeps(folder / "beeps.wav")
    word = f"--latency-{uuid.uuid4().hex}"
    switches = [*SWITCHES, ALLOWED, MICROPHONE, f"--use-file-for-fake-audio-capture={beeps}", word]
    # What Icecast sends comes from elsewhere, and without a word that pages may look into it.
    switches.append("--disable-web-security")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=switches, chromium_sandbox=False
        )
        yield Browsing(browser, word, beeps)
        await browser.close()


@asynccontextmanager
async def firefox(folder: Path) -> AsyncIterator[Browsing]:
    """Start a Firefox; Web Audio plays the beeps in place of its microphone."""
    beeps = write_beeps(folder / "beeps.wav")
    async with Firefox().started(folder) as browser:
        yield Browsing(browser, str(folder / "profile"), beeps)


async def go_on_air(page: EnginePage, address: str, station: str, sound: str) -> None:
    """Open the studio and press Record; return once the station is on air."""
    await page.open(f"{address}/record?station={station}&sound={sound}")
    await page.click("Record")
    await until(page, ON_AIR)


async def listen(page: EnginePage, address: str, station: str, *, with_tap: bool = False) -> None:
    """Open the listeners' page and press Play; return once it plays."""
    await page.open(f"{address}/?station={station}")
    if with_tap:
        await page.evaluate("latency.tap('out') ?? 0")
    await page.click("Play")
    await until(page, LISTENS)


async def listen_plainly(browsing: Browsing, address: str, url: str) -> EnginePage:
    """Play an address with an <audio> element in a page of its own; return that page."""
    page = await browsing.new_page(is_foreign=True)
    await page.open(f"{address}/nothing-is-here")
    await page.evaluate(f"latency.play('{url}')")
    return page
