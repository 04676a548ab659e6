"""What the tests of the recorder share: a browser that hears the sweep, and its tracks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Self

from playwright.async_api import expect

from browser.conftest import elapsed_s
from browser.signals import decode
from browser.sweep import assert_whole
from browser.witness import Witness

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Locator, Page, Route

expect.set_options(timeout=20_000)
OUT = re.compile(r"/api/recordings")
UNTIL_READY = """async (id) => {
  for (;;) {  // a source that was away for long finds its track made already, incomplete
    const track = await (await fetch(`/api/tracks/${id}`)).json();
    if (track.state === "ready" && !track.incomplete) return;
    if (track.state === "failed") throw new Error(track.reason);
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


async def hurry(page: Page, module: str, patience: str, less: str) -> None:
    """Have the page, which is opened after this, wait for less long than it does."""

    async def shorten(route: Route) -> None:
        answer = await route.fetch()
        text = await answer.text()
        assert patience in text
        await route.fulfill(response=answer, body=text.replace(patience, less))

    await page.route(f"**/{module}", shorten)


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


def left(page: Page, title: str) -> Locator:
    """Return the row of a recording that an earlier page left."""
    region = page.get_by_role("region", name="Rest of a recording")
    return region.get_by_role("listitem").filter(has_text=title)


async def send_the_rest(row: Locator) -> str:
    """Press the button; return the track's id once it is sent."""
    await row.get_by_role("button", name="Send the rest").click()
    link = row.get_by_role("link", name="Track")
    return (await link.get_attribute("href") or "").partition("track=")[2]


@dataclass(frozen=True)
class Studio:
    """A page at `/record`, and who watches its recorder."""

    page: Page
    witness: Witness

    @classmethod
    async def open(cls, visitor: BrowserContext) -> Self:
        """Open a tab; nothing is in it yet."""
        page = await visitor.new_page()
        return cls(page, await Witness.watch(page))

    async def assert_delivered(self, track_id: str, folder: Path) -> Path:
        """Check that the track, which is returned, is all that was recorded, packet by packet."""
        path = await fetch_track(self.page, track_id, folder)
        await self.witness.assert_delivered(self.page, path)
        return path

    async def assert_whole(self, track_id: str, folder: Path) -> None:
        """Check besides that what was recorded is the fake microphone's sound, without a break."""
        path = await self.assert_delivered(track_id, folder)
        self._assert_captured(path, duration_s=await elapsed_s(self.page))

    async def assert_delivered_but_for_a_hole(self, track_id: str, folder: Path) -> None:
        """Check that only packets after the first few are missing, in one place."""
        path = await fetch_track(self.page, track_id, folder)
        await self.witness.assert_delivered_but_for_a_hole(self.page, path)

    async def assert_whole_though_gone(
        self, track_id: str, folder: Path, *, asked: Page, duration_s: float
    ) -> None:
        """Compare the same, where this page was killed and another one sent the rest."""
        path = await fetch_track(asked, track_id, folder)
        self.witness.assert_delivered_until_killed(path)
        self._assert_captured(path, duration_s=duration_s, longer_s=inf)

    def _assert_captured(self, path: Path, *, duration_s: float, longer_s: float = 0.5) -> None:
        skipped_s = self.witness.skipped_s
        assert_whole(decode(path), duration_s=duration_s, longer_s=longer_s, skipped_s=skipped_s)
