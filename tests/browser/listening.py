"""What the tests of the listeners' page share: browsers that lack something, and its player."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page

NO_DECODER = "delete window.AudioDecoder;"
MP3_ALONE = f"""{NO_DECODER}
  delete window.MediaSource;
  HTMLMediaElement.prototype.canPlayType = (type) => (type === "audio/mpeg" ? "probably" : "");
"""
ACCOUNT = """(() => {
  const { delayS, targetS, stalls, jumps } = document.querySelector("#player").dataset;
  return { delay_s: Number(delayS || NaN), target_s: Number(targetS || NaN),
    stalls: Number(stalls), jumps: Number(jumps) };
})()"""
AT_THE_EDGE = "delay_s < 1.5"


async def press_play(page: Page, station: str, *, at: str = "") -> None:
    """Open the page and press Play."""
    await page.goto(f"{at}/?station={station}")
    await page.get_by_role("button", name="Play", exact=True).click()


async def listen(page: Page, station: str, *, at: str = "") -> None:
    """Return once the page plays."""
    await press_play(page, station, at=at)
    await become(page, "playing")


async def become(page: Page, state: str, *, within_s: float = 20) -> None:
    """Wait until the player says that it is in this state."""
    await page.locator(f"#radio[data-state={state}]").wait_for(timeout=within_s * 1000)


async def until(page: Page, condition: str) -> None:
    """Wait until this holds of what the player says of itself."""
    account = f"const {{ delay_s, target_s, stalls, jumps }} = {ACCOUNT};"
    await page.wait_for_function(f"() => {{ {account} return {condition}; }}")


async def count(page: Page, what: str) -> int:
    """Return how many stalls or jumps there were."""
    return int((await page.evaluate(ACCOUNT))[what])
