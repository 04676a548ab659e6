"""What the drawer offers for a track whose MP3 could not be made."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import BrowserContext, Route, expect

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRACK_ID = "0a" * 16


def track(mp3_state: str) -> dict[str, Any]:
    original = {"kind": "original", "state": "ready", "reason": None, "url": "/x", "size_bytes": 1}
    reason = "The converter made no MP3 within 20 minutes." if mp3_state == "failed" else None
    mp3 = {"kind": "mp3", "state": mp3_state, "reason": reason, "url": None, "size_bytes": None}
    return {
        "id": TRACK_ID,
        "name": "song",
        "title": "A song",
        "station": "main",
        "created_at": "2026-11-22T12:00:00+00:00",
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
