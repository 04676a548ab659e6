"""The studio, where things go wrong: each time it says what happened, and nothing is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, Playwright, expect

from browser.conftest import ALLOWED, MICROPHONE, go_on_air, launch, record_until, save_mp3, stop
from browser.signals import assert_unbroken, decode

TODAY = "() => new Date().toLocaleDateString(undefined, { dateStyle: 'medium' })"
COLOUR = "element => getComputedStyle(element).backgroundColor"

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _tracks(page: Page) -> dict[str, dict[str, object]]:
    """Return the library's tracks by station."""
    answer = await page.request.get("/api/tracks")
    return {track["station"]: track for track in (await answer.json())["tracks"]}


async def _kept(page: Page, station: str) -> dict[str, object]:
    """Wait until a track of the station plays, as the listener page sees it; return the track."""
    await page.goto(f"/?station={station}")
    row = page.locator(".track-row[data-state=ready]", has_text=f"· {station}")
    await row.wait_for(state="attached")
    return (await _tracks(page))[station]


async def _bytes_sent(page: Page, at_least: int) -> None:
    await page.wait_for_function(
        "least => Number(document.querySelector('#sent').dataset.sentBytes) >= least", arg=at_least
    )


async def test_a_nameless_recording_is_called_by_station_and_date(visitor: BrowserContext) -> None:
    studio = await visitor.new_page()
    await go_on_air(studio, station="nameless")
    await stop(studio)
    name = studio.get_by_role("textbox", name="Name")
    today = await studio.evaluate(TODAY)
    await expect(name).to_have_value(re.compile(f"^nameless, {re.escape(today)}"))
    await name.fill("  Given later ")
    await name.press("Enter")
    await studio.get_by_text("Saved.").wait_for()
    assert (await _kept(await visitor.new_page(), "nameless"))["title"] == "Given later"
    await studio.bring_to_front()
    await name.fill("")
    await studio.get_by_role("button", name="Save name").click()
    await expect(name).to_have_value(re.compile(f"^nameless, {re.escape(today)}"))


async def test_delete_asks_first_and_then_deletes_everywhere(visitor: BrowserContext) -> None:
    studio, listener = await visitor.new_page(), await visitor.new_page()
    await go_on_air(studio, station="short-lived", title="Regretted")
    await stop(studio)
    await listener.goto("/")
    row = listener.locator(".track-row", has_text="Regretted")
    await row.wait_for(state="attached")
    await studio.bring_to_front()
    await studio.get_by_role("button", name="Delete", exact=True).click()
    await studio.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    await studio.get_by_role("button", name="Delete", exact=True).click()
    assert "short-lived" in await _tracks(studio)
    await studio.get_by_role("dialog").get_by_role("button", name="Delete for everyone").click()
    await row.wait_for(state="detached")
    assert "short-lived" not in await _tracks(studio)


async def test_closing_the_tab_finishes_the_recording(visitor: BrowserContext) -> None:
    studio = await visitor.new_page()
    await go_on_air(studio, station="closed")
    await _bytes_sent(studio, 15_000)
    await studio.close()
    track = await _kept(await visitor.new_page(), "closed")
    assert track["incomplete"] is False


async def test_recording_again_ends_the_same_browsers_old_recording(
    visitor: BrowserContext,
) -> None:
    forgotten, studio = await visitor.new_page(), await visitor.new_page()
    await go_on_air(forgotten, station="again", title="The first")
    await _bytes_sent(forgotten, 10_000)
    await go_on_air(studio, station="again", title="The second")
    await forgotten.get_by_text("ended from another page").wait_for()
    await stop(studio)
    listener = await visitor.new_page()
    await listener.goto("/")
    for title in ("The first", "The second"):
        await listener.locator(".track-row", has_text=title).wait_for(state="attached")


async def test_a_station_taken_by_somebody_else_is_named_with_the_time(
    visitor: BrowserContext,
) -> None:
    studio = await visitor.new_page()
    somebody = {"Upload-Defer-Length": "1", "Upload-Metadata": "station dGFrZW4="}
    headers = {"Tus-Resumable": "1.0.0"} | somebody
    assert (await studio.request.post("/api/recordings", headers=headers)).status == 201
    await studio.goto("/record?station=taken")
    await studio.get_by_role("button", name="Record", exact=True).click()
    alarm = studio.get_by_role("alert")
    await expect(alarm).to_contain_text("Somebody else is on air on “taken” since")
    await studio.get_by_role("button", name="Record", exact=True).wait_for()
    await expect(studio.get_by_label("Station")).to_be_focused()


async def test_a_network_gone_for_a_while_costs_nothing(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    studio = await visitor.new_page()
    await go_on_air(studio, station="tunnel")
    await visitor.set_offline(True)
    await studio.get_by_text("Not sent yet: 0:0").wait_for()
    await studio.get_by_role("status").filter(has_text="Recording goes on").wait_for()
    await visitor.set_offline(False)
    await studio.get_by_text("On air", exact=True).wait_for()
    await record_until(studio, 4)
    await stop(studio)
    assert_unbroken(decode(await save_mp3(studio, tmp_path)))


async def test_the_record_button_is_red_in_forced_colours_too(visitor: BrowserContext) -> None:
    studio = await visitor.new_page()
    await studio.goto("/record")
    dot = studio.get_by_role("button", name="Record", exact=True).locator("span")
    red = await dot.evaluate(COLOUR)
    await studio.emulate_media(forced_colors="active")
    assert await dot.evaluate(COLOUR) == red


@pytest.mark.parametrize(
    ("switches", "host", "advice"),
    [
        ((ALLOWED, MICROPHONE), "radio.test", "only to secure pages"),
        ((MICROPHONE,), "localhost", "The microphone is blocked for this page"),
        ((ALLOWED,), "localhost", "No microphone was found"),
    ],
    ids=["no-https", "denied", "no-device"],
)
async def test_without_a_microphone_it_says_what_to_do(
    playwright: Playwright, address: str, switches: tuple[str, ...], host: str, advice: str
) -> None:
    browser = await launch(playwright, "--host-resolver-rules=MAP radio.test 127.0.0.1", *switches)
    try:
        page = await browser.new_page()
        await page.goto(address.replace("localhost", host) + "/record")
        await page.get_by_role("button", name="Record", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text(advice)
        await expect(page.get_by_role("button", name="Record", exact=True)).to_be_focused()
    finally:
        await browser.close()
