"""The listener page: its library, its drawer, and what it leaves alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from browser.conftest import running_product

SAMPLES = Path(__file__).parents[1] / "samples"

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a product of its own, whose library is what these tests put into it."""
    with running_product(tmp_path_factory.mktemp("library")) as address:
        yield address


async def _upload(page: Page, title: str, station: str = "main") -> None:
    """Put a file into the library, as any tus client would."""
    await page.evaluate(
        """async ([bytes, title, station]) => {
          const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
          const body = new Uint8Array(bytes);
          const headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": String(body.length),
            "Upload-Metadata": `title ${base64(title)},station ${base64(station)}`,
          };
          const made = await fetch("/api/recordings", { method: "POST", headers });
          await fetch(made.headers.get("Location"), {
            method: "PATCH",
            headers: {
              "Tus-Resumable": "1.0.0",
              "Upload-Offset": "0",
              "Content-Type": "application/offset+octet-stream",
            },
            body,
          });
        }""",
        [list((SAMPLES / "chromium-1000ms.webm").read_bytes()), title, station],
    )


async def test_an_empty_library_says_so(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await page.goto("/")
    await page.get_by_role("button", name="View tracks").click()
    await page.get_by_text("No tracks found", exact=True).wait_for()


async def test_tracks_come_by_themselves_and_are_found_by_their_words(
    visitor: BrowserContext,
) -> None:
    page = await visitor.new_page()
    await page.goto("/")
    await page.get_by_role("button", name="View tracks").click()
    hostile = "Grüße <img src=x onerror=alert(1)> ☎"
    for title in (hostile, "Evening news"):
        await _upload(page, title)
        await page.locator(".track-row[data-state=ready]", has_text=title).wait_for()
    await page.get_by_label("Search tracks").fill("news")
    await expect(page.locator(".track-row")).to_have_count(1)
    await page.get_by_label("Search tracks").fill("grüße")
    await expect(page.locator(".track-row .track-title")).to_have_text(hostile)
    await page.get_by_label("Search tracks").fill("nothing of the kind")
    await page.get_by_text("No tracks found for “nothing of the kind”").wait_for()


async def test_off_air_it_offers_the_newest_track(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await page.goto("/")
    await _upload(page, "The newest")
    await page.get_by_text("Off air right now.").wait_for()
    await page.get_by_role("button", name="The newest").click()
    deck = page.get_by_role("region", name="Track player")
    await deck.get_by_role("button", name="Pause The newest").wait_for()


async def test_a_track_that_broke_off_goes_on_from_there_at_the_next_play(
    visitor: BrowserContext,
) -> None:
    page = await visitor.new_page()
    await page.goto("/")
    await _upload(page, "Broken off")
    row = page.locator(".track-row[data-state=ready]", has_text="Broken off")
    await row.wait_for(state="attached")
    await page.get_by_role("button", name="View tracks").click()
    sound = f"**/tracks/{await row.get_attribute('data-track-id')}/audio"
    await page.route(sound, lambda route: route.abort(), times=1)
    await row.get_by_role("button", name="Broken off").first.click()
    deck = page.get_by_role("region", name="Track player")
    await deck.get_by_text("Press Play to try again.").wait_for()
    await deck.get_by_role("slider", name="Position").fill("1.5")
    await page.evaluate(
        """() => {
          const audio = document.querySelector("#deck audio");
          audio.addEventListener("playing", () => { globalThis.from_s = audio.currentTime; });
        }"""
    )
    await deck.get_by_role("button", name="Play Broken off").click()
    await page.wait_for_function("() => globalThis.from_s > 1.4")
    await expect(deck.get_by_text("Press Play to try again.")).to_have_count(0)


async def test_the_drawer_is_for_keyboards_too(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await page.goto("/")
    opener = page.get_by_role("button", name="View tracks")
    await opener.press("Enter")
    await expect(page.get_by_label("Search tracks")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(opener).to_be_focused()
    await expect(opener).to_have_attribute("aria-expanded", "false")


async def test_a_link_to_one_track_opens_it(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await page.goto("/")
    await _upload(page, "Worth a link")
    row = page.locator(".track-row[data-state=ready]", has_text="Worth a link")
    await row.wait_for(state="attached")
    await page.goto(f"/?track={await row.get_attribute('data-track-id')}")
    deck = page.get_by_role("region", name="Track player")
    await expect(deck.locator(".track-title")).to_have_text("Worth a link")


async def test_a_small_screen_gets_the_drawer_from_below(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto("/")
    await page.get_by_role("button", name="View tracks").click()
    drawer = page.get_by_role("complementary", name="Tracks")
    await expect(drawer).to_have_css("transform", "none")
    box = await drawer.bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 390)
    assert box["y"] > 0
    assert box["y"] + box["height"] == 844


async def test_nothing_comes_from_elsewhere(visitor: BrowserContext, address: str) -> None:
    page = await visitor.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/record", "/no-such-page"):
        await page.goto(path, wait_until="networkidle" if path == "/no-such-page" else "load")
    assert asked
    assert all(re.match(f"(blob:)?{re.escape(address)}/", url) for url in asked), asked
