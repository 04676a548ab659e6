"""What the tests of the recorder share: a browser that hears the sweep, and its tracks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from browser.signals import decode
from browser.sweep import assert_whole, write_sweep

if TYPE_CHECKING:
    from playwright.async_api import Page

OUT = "**/api/recordings/*"
UNTIL_READY = """async (id) => {
  while ((await (await fetch(`/api/tracks/${id}`)).json()).state !== "ready") {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}"""


def hears_sweep(folder: Path) -> str:
    """Return the switch that makes the browser's microphone play the sweep."""
    return f"--use-file-for-fake-audio-capture={write_sweep(folder / 'sweep.wav')}"


async def lose_network(page: Page) -> None:
    """Lose everything that this page sends of its recording, while other pages load."""
    await page.route(OUT, lambda route: route.abort("connectionreset"))


async def not_sent(page: Page, at_least_s: float) -> None:
    """Wait until so much is recorded and has not arrived."""
    await page.wait_for_function(
        "least => Number(document.querySelector('#sent').dataset.unsentS) >= least", arg=at_least_s
    )


async def assert_track_whole(page: Page, track_id: str, folder: Path, *, duration_s: float) -> None:
    """Compare the track with what the microphone played, over its whole length."""
    await page.evaluate(UNTIL_READY, track_id)
    answer = await page.request.get(f"/api/tracks/{track_id}")
    assert (await answer.json())["incomplete"] is False
    path = folder / "track"
    path.write_bytes(await (await page.request.get(f"/tracks/{track_id}/audio")).body())
    assert_whole(decode(path), duration_s=duration_s)
