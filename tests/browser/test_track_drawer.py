"""What the drawer says of its tracks, and what it offers."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import BrowserContext, Page, Route, expect

from audio_stream.usecases.list_tracks import MAX_PAGE

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRACK_ID = "0a" * 16
COUNT = 70
"""More than two pages of them."""


def track(mp3_state: str, number: int = 0) -> dict[str, Any]:
    original = {"kind": "original", "state": "ready", "reason": None, "url": "/x", "size_bytes": 1}
    reason = "The converter made no MP3 within 20 minutes." if mp3_state == "failed" else None
    mp3 = {"kind": "mp3", "state": mp3_state, "reason": reason, "url": None, "size_bytes": None}
    return {
        "id": f"{number:032x}" if number else TRACK_ID,
        "name": "song",
        "title": f"Song {number}" if number else "A song",
        "station": "main",
        "created_at": f"2026-11-22T12:{number:02}:00+00:00",
        "duration_s": 5.0,
        "state": "ready",
        "reason": None,
        "incomplete": False,
        "renditions": [original, mp3],
    }


async def test_an_mp3_that_failed_can_be_tried_again(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    asked: list[str] = []

    async def library(route: Route) -> None:
        await route.fulfill(json={"tracks": [track("failed")], "next_cursor": None})

    async def retry(route: Route) -> None:
        asked.append(route.request.method)
        await route.fulfill(status=202, json=track("pending"))

    await page.route("**/api/tracks?*", library)
    await page.route(f"**/api/tracks/{TRACK_ID}/mp3", retry)
    await page.goto("/")
    await page.get_by_role("button", name="View tracks").click()
    await expect(page.get_by_text("No MP3: The converter made no MP3")).to_be_visible()
    again = page.get_by_role("button", name="Try again to make the MP3 of A song")
    await again.click()
    await expect(again).to_be_disabled()
    assert asked == ["POST"]


async def _many(route: Route) -> None:
    """Answer as the server does, with the newest first; `rare` is in the titles of 12."""
    asked = parse_qs(urlsplit(route.request.url).query)
    count = 12 if asked.get("q") == ["rare"] else COUNT
    first, limit = int(asked.get("cursor", ["0"])[0]), int(asked["limit"][0])
    assert limit <= MAX_PAGE
    numbers = range(count - first, max(0, count - first - limit), -1)
    following = str(first + limit) if first + limit < count else None
    tracks = [track("pending", number) for number in numbers]
    await route.fulfill(json={"tracks": tracks, "next_cursor": following})


async def _open(page: Page) -> None:
    await page.route("**/api/tracks?*", _many)
    await page.goto("/")
    await page.get_by_role("button", name="View tracks").click()


async def test_what_more_brought_stays_when_all_is_read_again(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await _open(page)
    rows = page.locator(".track-row")
    await expect(rows).to_have_count(30)
    await page.get_by_role("button", name="More tracks").click()
    await expect(rows).to_have_count(60)
    async with page.expect_response("**/api/tracks?*") as answer:  # as after another tab
        await page.evaluate(
            "for (const type of ['pagehide', 'pageshow']) dispatchEvent(new Event(type))"
        )
    await (await answer.value).finished()
    await page.get_by_role("button", name="More tracks").click()
    await expect(rows).to_have_count(COUNT)


async def test_tracks_that_could_not_be_read_come_by_themselves(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await _open(page)
    await expect(page.locator(".track-row")).to_have_count(30)
    await page.route("**/api/tracks?*", lambda route: route.abort())
    await page.get_by_label("Search tracks").fill("rare")
    await page.get_by_text("The tracks cannot be read just now. Trying again…").wait_for()
    await page.route("**/api/tracks?*", _many)
    await expect(page.locator(".track-row")).to_have_count(12)


async def test_a_search_says_how_many_it_has_found(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await _open(page)
    note = page.locator("#track-note")
    await expect(page.locator(".track-row")).to_have_count(30)
    await expect(note).to_be_empty()
    await expect(note).not_to_have_css("display", "none")  # else no screen reader hears of it
    assert await note.evaluate("note => note.getBoundingClientRect().height") == 0
    await page.get_by_label("Search tracks").fill("rare")
    await expect(note).to_have_text("12 tracks found")
    await page.get_by_label("Search tracks").fill("song")
    await expect(note).to_have_text("More than 30 tracks found")


async def test_the_track_on_deck_is_the_current_one_in_words_too(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await _open(page)
    await page.locator(".track-row button", has_text="Song 69").click()
    current = page.locator(".track-row [aria-current=true]")
    await expect(current).to_have_count(1)
    await expect(current).to_contain_text("Song 69")
    await page.locator(".track-row button", has_text="Song 68").click()
    await expect(current).to_contain_text("Song 68")
    note = page.locator("#deck .track-note")
    await expect(note).not_to_have_css("display", "none")


async def test_with_large_letters_the_drawer_is_no_wider_than_the_screen(
    visitor: BrowserContext,
) -> None:
    page = await visitor.new_page()
    await page.set_viewport_size({"width": 500, "height": 700})
    await _open(page)
    await page.evaluate("document.documentElement.style.fontSize = '24px'")
    await expect(page.get_by_role("complementary", name="Tracks")).to_have_css("width", "500px")
