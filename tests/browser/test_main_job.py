"""The main job, end to end: recorded in one page, heard live in another, kept as a track."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from browser.conftest import elapsed_s, go_on_air, record_until, save_mp3, stop
from browser.signals import assert_unbroken, decode, duration_s, nearest_tone

if TYPE_CHECKING:
    from playwright.async_api import Browser, ElementHandle, Locator, Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

RECORDED_S = 8
TITLE = "Eight <b>seconds</b>"
SAMPLE_TONES = """async (seconds) => {
  const heard = [];
  const canvas = document.querySelector("#visualizer");
  for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
    await new Promise(requestAnimationFrame);
    heard.push(Number(canvas.dataset.peakHz ?? 0));
  }
  return heard;
}"""


@dataclass
class Broadcast:
    """What came of eight seconds on air."""

    studio: Page
    listener: Page
    plain_listener: Page
    heard_hz: list[int]
    plainly_heard_hz: list[int]
    recorded_s: float
    track_id: str


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def broadcast(chromium: Browser, address: str) -> AsyncIterator[Broadcast]:
    """Two people listen from before the beginning, one of them with an element alone."""
    context = await chromium.new_context(base_url=address, accept_downloads=True)
    context.set_default_timeout(20_000)
    listener, plain_listener, studio = [await context.new_page() for _ in range(3)]
    await plain_listener.add_init_script("delete window.AudioDecoder; delete window.MediaSource;")
    for page in (listener, plain_listener):
        await page.goto("/")
        await page.get_by_role("button", name="Play", exact=True).click()
        await page.get_by_text("It plays here by itself").wait_for()
    await go_on_air(studio, station="main", title=TITLE)
    await listener.locator("#radio[data-state=playing]").wait_for()
    await listener.bring_to_front()
    heard_hz = await listener.evaluate(SAMPLE_TONES, RECORDED_S / 2)
    await plain_listener.locator("#radio[data-state=playing]").wait_for()
    await plain_listener.bring_to_front()
    plainly_heard_hz = await plain_listener.evaluate(SAMPLE_TONES, RECORDED_S / 4)
    await record_until(studio, RECORDED_S)
    track_id = await stop(studio)
    yield Broadcast(
        studio=studio,
        listener=listener,
        plain_listener=plain_listener,
        heard_hz=heard_hz,
        plainly_heard_hz=plainly_heard_hz,
        recorded_s=await elapsed_s(studio),
        track_id=track_id,
    )
    await context.close()


async def _handle(locator: Locator) -> ElementHandle:
    handle = await locator.element_handle()
    assert handle is not None
    return handle


async def test_a_waiting_listener_hears_the_broadcast_by_itself(broadcast: Broadcast) -> None:
    tones = {nearest_tone(hz) for hz in broadcast.heard_hz} - {0}
    assert len(tones) >= 5


async def test_a_browser_with_an_element_alone_hears_it_too(broadcast: Broadcast) -> None:
    tones = {nearest_tone(hz) for hz in broadcast.plainly_heard_hz} - {0}
    assert len(tones) >= 2
    assert await broadcast.plain_listener.locator("#player[data-way=plain]").count() == 1


async def test_the_page_decodes_by_itself_where_it_can(broadcast: Broadcast) -> None:
    assert await broadcast.listener.locator("#player[data-way=ring]").count() == 1


async def test_the_listener_page_says_when_the_broadcast_is_over(broadcast: Broadcast) -> None:
    await broadcast.listener.get_by_text("Off air", exact=True).wait_for()
    await broadcast.listener.get_by_role("button", name="Pause", exact=True).wait_for()


async def test_the_track_appears_plays_and_seeks_without_a_reload(broadcast: Broadcast) -> None:
    page = broadcast.listener
    await page.bring_to_front()
    await page.get_by_role("button", name="View tracks").click()
    row = page.locator(f"[data-track-id='{broadcast.track_id}'][data-state=ready]")
    await row.get_by_role("button").click()
    deck = page.get_by_role("region", name="Track player")
    shown_s = float(await deck.locator("[data-duration-s]").get_attribute("data-duration-s") or 0)
    assert abs(shown_s - broadcast.recorded_s) <= 0.3
    audio = deck.locator("audio")
    await page.wait_for_function("audio => audio.currentTime > 0.3", arg=await _handle(audio))
    await deck.get_by_role("button", name=f"Pause {TITLE}", exact=True).click()
    middle_s = await audio.evaluate("audio => audio.duration / 2")
    await deck.get_by_role("slider", name="Position").fill(f"{middle_s:.1f}")
    sought = "([audio, middle_s]) => !audio.seeking && Math.abs(audio.currentTime - middle_s) < 0.1"
    await page.wait_for_function(sought, arg=[await _handle(audio), middle_s])
    await deck.get_by_role("button", name=f"Play {TITLE}", exact=True).click()
    played_on = "([audio, middle_s]) => audio.currentTime > middle_s + 0.3"
    await page.wait_for_function(played_on, arg=[await _handle(audio), middle_s])


async def test_its_duration_is_what_was_recorded(broadcast: Broadcast) -> None:
    player = broadcast.studio.locator("#finished track-player[data-state=ready]")
    await player.wait_for()
    shown_s = float(await player.get_attribute("data-duration-s") or 0)
    assert abs(shown_s - broadcast.recorded_s) <= 0.3
    assert broadcast.recorded_s >= RECORDED_S


async def test_its_mp3_is_the_same_sound(broadcast: Broadcast, tmp_path: Path) -> None:
    sound = decode(await save_mp3(broadcast.studio, tmp_path))
    assert abs(duration_s(sound) - broadcast.recorded_s) <= 0.3
    assert_unbroken(sound)


async def test_its_title_is_shown_as_text(broadcast: Broadcast) -> None:
    title = broadcast.listener.locator(
        f".track-row[data-track-id='{broadcast.track_id}'] .track-title"
    )
    assert await title.text_content() == TITLE
