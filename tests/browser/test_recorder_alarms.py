"""What goes wrong at the broadcaster's own computer is said loudly, and nothing is lost by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import expect

from browser.conftest import elapsed_s, go_on_air, record_until, stop
from browser.recording import (
    OUT,
    Studio,
    find_network,
    hurry,
    lose_network,
    not_sent,
    recording_visitor,
)
from browser.signals import decode
from browser.sweep import CAPTURE_SLACK_S, FRAME_S, lags_s

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Dialog

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEEP_TRACK = """
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await open(wanted);
  [window.track] = stream.getAudioTracks();
  return stream;
};"""
SET_MUTED = """(muted) => {
  Object.defineProperty(window.track, "muted", { value: muted, configurable: true });
  window.track.dispatchEvent(new Event(muted ? "mute" : "unmute"));
}"""
UNPLUG = "() => { window.track.stop(); window.track.dispatchEvent(new Event('ended')); }"
KEEP_LOCKS = """
window.locks = [];
const request = navigator.wakeLock.request.bind(navigator.wakeLock);
navigator.wakeLock.request = async (type) => {
  locks.push(await request(type));
  return locks.at(-1);
};"""
SHOW_AGAIN = """async () => {  // a browser takes the lock away from a page that it hides
  await locks.at(-1).release();
  document.dispatchEvent(new Event("visibilitychange"));
}"""
LITTLE_ROOM = """
StorageManager.prototype.estimate = async () => ({ quota: 1_000_000, usage: 0 });
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...record) {
  if (window.isFull) throw new DOMException("", "QuotaExceededError");
  return put.apply(this, record);
};"""
NO_OUTPUT = """
Object.defineProperty(AudioContext.prototype, "state", { get: () => "suspended" });
AudioContext.prototype.resume = () => new Promise(() => {});"""
BROKEN_STORE = """
IDBObjectStore.prototype.put = () => { throw new DOMException("", "UnknownError"); };"""
STALLING = """
window.AudioEncoder = class extends AudioEncoder {
  encode(sound) { if (!window.isStuck) super.encode(sound); }
};"""


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(sweeping: Browser, address: str) -> AsyncIterator[BrowserContext]:
    async with recording_visitor(sweeping, address) as context:
        yield context


async def test_a_muted_or_lost_microphone_is_told_and_another_goes_on_in_the_same_recording(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    watched = await Studio.open(visitor)
    studio = watched.page
    await studio.add_init_script(KEEP_TRACK)
    await go_on_air(studio, station="unplugged")
    alert = studio.get_by_role("alert")
    await studio.evaluate(SET_MUTED, arg=True)
    await expect(alert).to_contain_text("The microphone is muted")
    await studio.evaluate(SET_MUTED, arg=False)
    await expect(alert).to_be_hidden()
    await record_until(studio, 2)
    await studio.evaluate(UNPLUG)
    await expect(alert).to_contain_text("The microphone is gone")
    await alert.get_by_role("button", name="Go on with Fake Audio Input 2").click()
    await expect(alert).to_be_hidden()
    assert await studio.locator("#device option:checked").inner_text() == "Fake Audio Input 2"
    await record_until(studio, await elapsed_s(studio) + 2)
    lags = lags_s(decode(await watched.assert_delivered(await stop(studio), tmp_path)))
    heard = lags[~np.isnan(lags)]
    second = int(1 / FRAME_S)
    slack_s = CAPTURE_SLACK_S + watched.witness.skipped_s
    assert np.ptp(heard[:second]) <= slack_s, "the first device, unbroken"
    assert np.ptp(heard[-second:]) <= slack_s, "the second device, unbroken"
    assert abs(heard[0] - heard[-1]) > FRAME_S, "and it is not the first one still"


async def test_stop_closes_the_microphone_though_nothing_can_be_sent_yet(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    watched = await Studio.open(visitor)
    studio = watched.page
    await studio.add_init_script(KEEP_TRACK)
    await go_on_air(studio, station="unheard")
    await lose_network(studio)
    await not_sent(studio, 2)
    await studio.get_by_role("button", name="Stop", exact=True).click()
    await expect(studio.locator("#hint")).to_contain_text("The rest is sent as soon as")
    await studio.wait_for_function("() => track.readyState === 'ended'")
    await expect(studio.get_by_role("meter", name="Input level")).to_have_js_property("value", -60)
    await studio.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    await studio.evaluate(UNPLUG)
    await find_network(studio)
    await studio.locator("#finished").wait_for()
    await expect(studio.get_by_role("alert")).to_be_hidden()
    track_id = await studio.locator("#finished").get_attribute("data-track-id") or ""
    await watched.assert_whole(track_id, tmp_path)


async def test_a_browser_that_starts_no_sound_is_told_what_may_be_missing(
    visitor: BrowserContext,
) -> None:
    studio = await visitor.new_page()
    await hurry(studio, "microphone.js", "STARTS_WITHIN_MS = 3000;", "STARTS_WITHIN_MS = 100;")
    await studio.add_init_script(NO_OUTPUT)
    await studio.goto("/record?station=no-output")
    record = studio.get_by_role("button", name="Record", exact=True)
    await record.click()
    await expect(studio.get_by_role("alert")).to_contain_text("Plug in headphones")
    await expect(record).to_be_focused()


async def test_silence_is_told_after_ten_seconds_until_there_is_sound(
    visitor: BrowserContext,
) -> None:
    studio = await visitor.new_page()
    await hurry(studio, "microphone-panel.js", "SILENT_AFTER_S = 10;", "SILENT_AFTER_S = 1;")
    await studio.add_init_script(KEEP_TRACK)
    await go_on_air(studio, station="silent")
    alert = studio.get_by_role("alert")
    await studio.evaluate("track.enabled = false")
    await expect(alert).to_contain_text("Nothing has been heard for")
    await studio.evaluate("track.enabled = true")
    await expect(alert).to_be_hidden()
    await stop(studio)


async def test_a_recorder_that_stalls_is_told_until_it_goes_on(visitor: BrowserContext) -> None:
    studio = await visitor.new_page()
    await hurry(studio, "record-page.js", "STALLED_AFTER_MS = 5000;", "STALLED_AFTER_MS = 1000;")
    await studio.add_init_script(STALLING)
    await go_on_air(studio, station="stalled")
    alert = studio.get_by_role("alert")
    await studio.evaluate("window.isStuck = true")
    await expect(alert).to_contain_text("stopped recording")
    await studio.evaluate("window.isStuck = false")
    await expect(alert).to_be_hidden()
    await stop(studio)


async def test_short_storage_is_told_before_and_its_end_loses_nothing(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    studio = await Studio.open(visitor)
    page = studio.page
    await page.add_init_script(LITTLE_ROOM)
    await lose_network(page)
    await page.goto("/record?station=crammed")
    await page.get_by_label("Music").check()
    await page.get_by_role("button", name="Record", exact=True).click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("has room for about")
    await page.evaluate("window.isFull = true")
    await expect(alert).to_contain_text("no room left")
    await not_sent(page, 3)
    await find_network(page)
    await page.get_by_text("On air", exact=True).wait_for()
    await studio.assert_whole(await stop(page), tmp_path)


async def test_storage_that_fails_is_not_called_full_nor_trusted_with_what_was_refused(
    visitor: BrowserContext,
) -> None:
    studio = await visitor.new_page()
    await studio.add_init_script(BROKEN_STORE)
    await lose_network(studio)
    await studio.goto("/record?station=unkept")
    await studio.get_by_role("button", name="Record", exact=True).click()
    alert = studio.get_by_role("alert")
    await expect(alert).to_contain_text("This browser cannot keep your recording now.")
    await not_sent(studio, 1)
    no = {"status": 403, "json": {"status": 403, "detail": "Not from here."}}
    await studio.route(OUT, lambda route: route.fulfill(**no))
    await expect(alert).to_have_text(
        "Not from here. What was not sent could not be kept in this browser."
    )
    await expect(studio.get_by_role("button", name="Record", exact=True)).to_be_focused()


async def test_without_storage_it_records_and_says_what_that_means(
    visitor: BrowserContext,
) -> None:
    studio = await visitor.new_page()
    await studio.add_init_script("delete Object.getPrototypeOf(window).indexedDB;")
    await studio.add_init_script("delete window.indexedDB;")
    await go_on_air(studio, station="private")
    await expect(studio.get_by_role("alert")).to_contain_text("keeps nothing for this page")
    await stop(studio)
    await expect(studio.get_by_role("alert")).to_be_hidden()


async def test_while_it_records_the_page_asks_before_it_closes_and_the_computer_stays_awake(
    visitor: BrowserContext,
) -> None:
    studio = await visitor.new_page()
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    studio.on("dialog", stay)
    await studio.add_init_script(KEEP_LOCKS)
    await go_on_air(studio, station="guarded")
    async with studio.expect_event("dialog"):
        await studio.close(run_before_unload=True)
    await studio.wait_for_function("() => locks.length === 1 && !locks[0].released")
    await studio.evaluate(SHOW_AGAIN)
    await studio.wait_for_function("() => locks.length === 2 && !locks[1].released")
    await stop(studio)
    await studio.wait_for_function("() => locks[1].released")
    async with studio.expect_event("close"):
        await studio.close(run_before_unload=True)
    assert asked == ["beforeunload"]
