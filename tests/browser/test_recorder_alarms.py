"""What goes wrong at the broadcaster's own computer is said loudly, and nothing is lost by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import expect

from browser.conftest import ALLOWED, MICROPHONE, elapsed_s, go_on_air, launch, record_until, stop
from browser.recording import (
    assert_track_whole,
    fetch_track,
    find_network,
    lose_network,
    not_sent,
    recording_visitor,
)
from browser.signals import decode
from browser.sweep import FRAME_S, lags_s, write_silence_and_tone

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Dialog, Playwright

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
KEEP_LOCK = """
const request = navigator.wakeLock.request.bind(navigator.wakeLock);
navigator.wakeLock.request = async (type) => (window.lock = await request(type));"""
LITTLE_ROOM = """
StorageManager.prototype.estimate = async () => ({ quota: 1_000_000, usage: 0 });
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...record) {
  if (window.isFull) throw new DOMException("", "QuotaExceededError");
  return put.apply(this, record);
};"""
KEEP_RECORDER = """
window.MediaRecorder = class extends MediaRecorder {
  constructor(...options) { super(...options); window.recorder = this; }
};"""


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(sweeping: Browser, address: str) -> AsyncIterator[BrowserContext]:
    async with recording_visitor(sweeping, address) as context:
        yield context


async def test_a_muted_or_lost_microphone_is_told_and_another_goes_on_in_the_same_recording(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    studio = await visitor.new_page()
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
    track_id = await stop(studio)
    lags = lags_s(decode(await fetch_track(studio, track_id, tmp_path)))
    heard = lags[~np.isnan(lags)]
    second = int(1 / FRAME_S)
    assert np.ptp(heard[:second]) <= FRAME_S, "the first device, unbroken"
    assert np.ptp(heard[-second:]) <= FRAME_S, "the second device, unbroken"
    assert abs(heard[0] - heard[-1]) > FRAME_S, "and it is not the first one still"


async def test_ten_seconds_of_silence_are_told_until_there_is_sound(
    playwright: Playwright, address: str, tmp_path: Path
) -> None:
    sound = write_silence_and_tone(tmp_path / "silence.wav", silence_s=13, tone_s=4)
    switch = f"--use-file-for-fake-audio-capture={sound}"
    browser = await launch(playwright, ALLOWED, MICROPHONE, switch)
    async with recording_visitor(browser, address) as visitor:
        studio = await visitor.new_page()
        await go_on_air(studio, station="silent")
        alert = studio.get_by_role("alert")
        await expect(alert).to_contain_text("Nothing has been heard for 10 s", timeout=15_000)
        await expect(alert).to_be_hidden()
        await stop(studio)
    await browser.close()


async def test_a_recorder_that_stalls_is_told_until_it_goes_on(visitor: BrowserContext) -> None:
    studio = await visitor.new_page()
    await studio.add_init_script(KEEP_RECORDER)
    await go_on_air(studio, station="stalled")
    alert = studio.get_by_role("alert")
    await studio.evaluate("recorder.pause()")
    await expect(alert).to_contain_text("stopped recording", timeout=10_000)
    await studio.evaluate("recorder.resume()")
    await expect(alert).to_be_hidden()
    await stop(studio)


async def test_short_storage_is_told_before_and_its_end_loses_nothing(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    studio = await visitor.new_page()
    await studio.add_init_script(LITTLE_ROOM)
    await lose_network(studio)
    await studio.goto("/record?station=crammed")
    await studio.get_by_label("Music").check()
    await studio.get_by_role("button", name="Record", exact=True).click()
    alert = studio.get_by_role("alert")
    await expect(alert).to_contain_text("has room for about")
    await studio.evaluate("window.isFull = true")
    await expect(alert).to_contain_text("no room left")
    await not_sent(studio, 3)
    await find_network(studio)
    await studio.get_by_text("On air", exact=True).wait_for()
    track_id = await stop(studio)
    recorded_s = await elapsed_s(studio)
    await assert_track_whole(studio, track_id, tmp_path, duration_s=recorded_s)


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
    await studio.add_init_script(KEEP_LOCK)
    await go_on_air(studio, station="guarded")
    async with studio.expect_event("dialog"):
        await studio.close(run_before_unload=True)
    await studio.wait_for_function("window.lock && !window.lock.released")
    await stop(studio)
    await studio.wait_for_function("window.lock.released")
    async with studio.expect_event("close"):
        await studio.close(run_before_unload=True)
    assert asked == ["beforeunload"]
