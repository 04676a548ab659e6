"""What the tests of the recorder share: a browser that hears the sweep, and its tracks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from browser.signals import decode
from browser.sweep import assert_whole

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

OUT = re.compile(r"/api/recordings")
UNTIL_READY = """async (id) => {
  for (;;) {  // a source that was away for long finds its track made already, incomplete
    const track = await (await fetch(`/api/tracks/${id}`)).json();
    if (track.state === "ready" && !track.incomplete) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}"""


async def lose_network(page: Page) -> None:
    """Lose everything that this page sends of its recording, while other pages load."""
    await page.route(OUT, lambda route: route.abort("connectionreset"))


async def find_network(page: Page) -> None:
    """Let it through again; the page finds out by itself."""
    await page.unroute(OUT)


async def not_sent(page: Page, at_least_s: float) -> None:
    """Wait until so much is recorded and has not arrived."""
    await page.wait_for_function(
        "least => Number(document.querySelector('#sent').dataset.unsentS) >= least",
        arg=at_least_s,
        timeout=(at_least_s + 20) * 1000,
    )


@asynccontextmanager
async def offline(context: BrowserContext) -> AsyncIterator[None]:
    """Pull the plug of the whole browser."""
    await context.set_offline(True)
    yield
    await context.set_offline(False)


@asynccontextmanager
async def recording_visitor(browser: Browser, address: str) -> AsyncIterator[BrowserContext]:
    """Somebody's browser profile, in which no page may throw where nobody catches."""
    context = await browser.new_context(base_url=address)
    context.set_default_timeout(20_000)
    mistakes: list[str] = []
    context.on("weberror", lambda event: mistakes.append(str(event.error)))
    yield context
    await context.close()
    assert not mistakes, "a page threw where nobody caught"


async def fetch_track(page: Page, track_id: str, folder: Path) -> Path:
    """Wait until the track is made, complete; return its original."""
    await page.evaluate(UNTIL_READY, track_id)
    path = folder / "track"
    path.write_bytes(await (await page.request.get(f"/tracks/{track_id}/audio")).body())
    return path


async def assert_track_whole(page: Page, track_id: str, folder: Path, *, duration_s: float) -> None:
    """Compare the track with what the microphone played, over its whole length."""
    path = await fetch_track(page, track_id, folder)
    assert_whole(decode(path), duration_s=duration_s)
