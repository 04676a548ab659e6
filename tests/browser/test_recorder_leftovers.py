"""A page that went away in the middle of a recording: the next visit has what it left."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from playwright.async_api import Error, expect

from browser.conftest import elapsed_s, go_on_air, stop
from browser.recording import (
    Studio,
    find_network,
    left,
    lose_network,
    not_sent,
    recording_visitor,
    send_the_rest,
)

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(sweeping: Browser, address: str) -> AsyncIterator[BrowserContext]:
    async with recording_visitor(sweeping, address) as context:
        yield context


async def _crash(page: Page) -> None:
    async with page.expect_event("crash"):
        with suppress(Error):
            await page.goto("chrome://crash")


LEFT = """async () => {
  const { ChunkStore } = await import("/static/chunk-store.js");
  const { findLeftovers } = await import("/static/leftovers.js");
  return (await findLeftovers(await ChunkStore.open())).length;
}"""


async def test_what_a_crashed_tab_left_is_sent_and_the_track_is_whole(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    studio, other = await Studio.open(visitor), await visitor.new_page()
    await go_on_air(studio.page, station="crashed", title="Before the crash")
    await lose_network(studio.page)
    await other.goto("/record")
    await not_sent(studio.page, 2)
    row = left(other, "Before the crash")
    assert await row.count() == 0, "what another tab is still recording is not left over"
    recorded_s = await elapsed_s(studio.page)
    await _crash(studio.page)
    await expect(row).to_contain_text(re.compile(r" (\d:\d\d of )?\d:\d\d not sent yet"))
    track_id = await send_the_rest(row)
    await expect(row.get_by_role("link", name="Track")).to_be_focused()
    await studio.assert_whole_though_gone(track_id, tmp_path, asked=other, duration_s=recorded_s)
    await other.reload()
    assert await other.evaluate(LEFT) == 0


async def test_stopped_offline_and_reloaded_it_can_be_heard_and_sent_though_nothing_had_arrived(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    studio = await Studio.open(visitor)
    page = studio.page
    await lose_network(page)
    await page.goto("/record?station=reloaded&title=Unheard")
    await page.get_by_label("Music").check()
    await page.get_by_role("button", name="Record", exact=True).click()
    await not_sent(page, 3)
    await page.get_by_role("button", name="Stop", exact=True).click()
    await expect(page.locator("#hint")).to_contain_text("your next visit offers to send it")
    recorded_s = await elapsed_s(page)
    await page.reload()
    row = left(page, "Unheard")
    await row.get_by_role("button", name="Listen").click()
    heard = "audio => new Promise((heard) => { audio.ontimeupdate = () => "
    await expect(row.locator("audio")).to_be_focused()
    await row.locator("audio").evaluate(heard + "audio.currentTime > 0.5 && heard(); })")
    await find_network(page)
    track_id = await send_the_rest(row)
    await studio.assert_whole_though_gone(track_id, tmp_path, asked=page, duration_s=recorded_s)


async def test_discard_asks_first_and_then_forgets_what_was_not_sent(
    visitor: BrowserContext,
) -> None:
    studio, other = await visitor.new_page(), await visitor.new_page()
    await go_on_air(studio, station="discarded", title="Not wanted")
    await lose_network(studio)
    await not_sent(studio, 1)
    await _crash(studio)
    await other.goto("/record")
    row = left(other, "Not wanted")
    await row.get_by_role("button", name="Discard").click()
    await other.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    await row.get_by_role("button", name="Discard").click()
    await other.get_by_role("dialog").get_by_role("button", name="Discard it").click()
    await row.wait_for(state="detached")
    await expect(other.get_by_role("button", name="Record", exact=True)).to_be_focused()
    await other.reload()
    assert await other.evaluate(LEFT) == 0
    await other.goto("/?station=discarded")  # what had arrived is a track
    await other.locator(".track-row", has_text="Not wanted").wait_for(state="attached")


async def test_recording_again_first_sends_what_a_crash_left_on_the_station(
    visitor: BrowserContext,
) -> None:
    studio, other = await visitor.new_page(), await visitor.new_page()
    await go_on_air(studio, station="at-once", title="Cut off")
    await lose_network(studio)
    await not_sent(studio, 1)
    await _crash(studio)
    await go_on_air(other, station="at-once", title="Right after")
    await stop(other)
    listener = await visitor.new_page()
    await listener.goto("/?station=at-once")
    for title in ("Cut off", "Right after"):
        row = listener.locator(".track-row[data-state=ready]", has_text=title)
        await row.wait_for(state="attached")
