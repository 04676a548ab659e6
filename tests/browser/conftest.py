"""Real Chromium, with a microphone that plays what the test wrote, against the real product."""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright

from browser.listening import NO_DECODER
from browser.signals import write_tones
from browser.sweep import write_sweep
from integration.product import started

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SWITCHES = (
    "--no-sandbox",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
ALLOWED = "--use-fake-ui-for-media-stream"
MICROPHONE = "--use-fake-device-for-media-stream"


@contextmanager
def running_product(folder: Path) -> Iterator[str]:
    """Start the product with an empty library; `localhost` is where browsers give microphones."""
    with started([sys.executable, "-m", "audio_stream"], folder) as address:
        yield address.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start one product for all who broadcast, each on a station of their own."""
    with running_product(tmp_path_factory.mktemp("product")) as address:
        yield address


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as playwright:
        yield playwright


async def launch(playwright: Playwright, *switches: str) -> Browser:
    """Start Chromium, or skip the test where there is none."""
    if CHROMIUM is None:
        pytest.skip("the pages are tested in Chromium, and there is no chromium here")
    return await playwright.chromium.launch(
        executable_path=CHROMIUM, args=[*SWITCHES, *switches], chromium_sandbox=False
    )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browser]:
    """Start a browser whose microphone plays the tones."""
    tones = write_tones(tmp_path_factory.mktemp("microphone") / "tones.wav")
    sound = f"--use-file-for-fake-audio-capture={tones}"
    browser = await launch(playwright, ALLOWED, MICROPHONE, sound)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sweeping(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browser]:
    """Start a browser whose microphone plays the sweep, in which no moment is like another."""
    sweep = write_sweep(tmp_path_factory.mktemp("microphone") / "sweep.wav")
    sound = f"--use-file-for-fake-audio-capture={sweep}"
    browser = await launch(playwright, ALLOWED, MICROPHONE, sound)
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def blank(chromium: Browser, address: str) -> AsyncIterator[Page]:
    """Open a page that can import the pages' modules and does nothing with them."""
    page = await chromium.new_page(base_url=address)
    await page.goto("/no-such-page")
    yield page
    await page.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(chromium: Browser, address: str) -> AsyncIterator[BrowserContext]:
    """Somebody's browser profile: its pages share what a browser shares between tabs."""
    context = await chromium.new_context(base_url=address, accept_downloads=True)
    context.set_default_timeout(20_000)
    mistakes: list[str] = []
    context.on("weberror", lambda event: mistakes.append(str(event.error)))
    yield context
    await context.close()
    assert not mistakes, "a page threw where nobody caught"


@pytest_asyncio.fixture(params=["ring", "mse"], loop_scope="session")
async def page(visitor: BrowserContext, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """Open a page of a browser whose best way to listen this is."""
    if request.param == "mse":
        await visitor.add_init_script(NO_DECODER)
    page = await visitor.new_page()
    yield page
    if not page.is_closed():
        assert await page.locator(f"#player[data-way={request.param}]").count() == 1


async def go_on_air(page: Page, *, station: str, title: str = "") -> None:
    """Open the studio and press Record; return once the station is on air."""
    await page.goto(f"/record?station={station}")
    await page.get_by_label("Music").check()
    await page.get_by_label("Title").fill(title)
    await page.get_by_role("button", name="Record", exact=True).click()
    await page.get_by_text("On air", exact=True).wait_for()


async def record_until(page: Page, elapsed_s: float) -> None:
    """Return once the recording is that long."""
    await page.wait_for_function(
        "least_s => Number(document.querySelector('#elapsed').dataset.elapsedS) >= least_s",
        arg=elapsed_s,
    )


async def elapsed_s(page: Page) -> float:
    """Return how long the recording is, or was, by the page's own account."""
    return float(await page.locator("#elapsed").get_attribute("data-elapsed-s") or 0)


async def stop(page: Page) -> str:
    """Press Stop; return the track's id once the page says that the recording is kept."""
    await page.bring_to_front()  # a tab behind another draws one frame a second
    await page.get_by_role("button", name="Stop", exact=True).click()
    card = page.locator("#finished")
    await card.wait_for()
    return await card.get_attribute("data-track-id") or ""


async def save_mp3(page: Page, folder: Path) -> Path:
    """Download the MP3 by its link on the page."""
    async with page.expect_download() as download:
        await page.locator("#finished").get_by_role("link", name="MP3").click()
    path = folder / "track.mp3"
    await (await download.value).save_as(path)
    return path
