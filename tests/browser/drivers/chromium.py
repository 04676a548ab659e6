"""Chromium, through playwright."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from playwright.async_api import Browser, Page, async_playwright

from browser.conftest import ALLOWED, CHROMIUM, MICROPHONE, SWITCHES
from browser.drivers.engine import Engine, EngineKind, EnginePage
from browser.signals import TONES_HZ, write_tones

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class ChromiumPage(EnginePage):
    """A window of its own: a tab behind another would draw one frame a second."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def open(self, url: str) -> None:
        await self._page.goto(url)

    async def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - JSON
        return await self._page.evaluate(f"async () => await ({expression})")

    async def click(self, name: str) -> None:
        await self._page.get_by_role("button", name=name, exact=True).click()

    async def close(self) -> None:
        await self._page.context.close()


class RunningChromium(Engine):
    """A headless Chromium."""

    tones_hz = TONES_HZ

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    async def new_page(self) -> ChromiumPage:
        context = await self._browser.new_context()
        return ChromiumPage(await context.new_page())


class Chromium(EngineKind):
    """Debian's Chromium, whose microphone plays the tones."""

    name = "chromium"

    def missing(self) -> str | None:
        return None if CHROMIUM else "chromium"

    @asynccontextmanager
    async def started(self, folder: Path) -> AsyncIterator[RunningChromium]:
        tones = write_tones(folder / "tones.wav")
        sound = f"--use-file-for-fake-audio-capture={tones}"
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM,
                args=[*SWITCHES, ALLOWED, MICROPHONE, sound],
                chromium_sandbox=False,
            )
            yield RunningChromium(browser)
            await browser.close()
