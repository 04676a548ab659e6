"""The network or the server goes away in the middle of a recording: the track is whole."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import expect

from browser.conftest import elapsed_s, go_on_air, record_until, stop
from browser.live_source import LiveSource
from browser.recording import (
    Studio,
    hurry,
    left,
    not_sent,
    offline,
    recording_visitor,
    send_the_rest,
)
from integration.product import started

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

AWAY_S = float(os.environ.get("AUDIO_STREAM_TEST_AWAY_S", "10"))
"""benchmarks/offline.py stays away for longer."""

LITTLE_ROOM = """
StorageManager.prototype.estimate = async () => ({ quota: 1_000_000, usage: 0 });
const forget = IDBObjectStore.prototype.delete;
IDBObjectStore.prototype.delete = function (range) {
  window.hasMadeRoom = true;
  return forget.call(this, range);
};"""

Absences = Mapping[str, "asyncio.Task[None]"]

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Restartable:
    """A product that goes and comes back under its address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = ExitStack()
        self._port = 0

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self) -> str:
        command = [sys.executable, "-m", "audio_stream"]
        running = started(command, self._folder, port=self._port)
        address = self._running.enter_context(running)
        self._port = int(address.rpartition(":")[2])
        return f"http://localhost:{self._port}"

    def stop(self) -> None:
        self._running.close()

    def lose_everything(self) -> None:
        shutil.rmtree(self._folder / "data")


async def _until_off_air(address: str) -> None:
    async with ClientSession(address) as somebody, somebody.get("/live/main") as sound:
        await sound.read()


async def _finish(studio: Studio, folder: Path) -> None:
    """Record for another moment on air, stop, and check the whole track."""
    page = studio.page
    await page.get_by_text("On air", exact=True).wait_for()
    await record_until(page, await elapsed_s(page) + 1)
    await studio.assert_whole(await stop(page), folder)


async def _away_from_the_network(browser: Browser, address: str, folder: Path) -> None:
    async with recording_visitor(browser, address) as visitor:
        studio = await Studio.open(visitor)
        await go_on_air(studio.page, station="offline")
        async with offline(visitor):
            await not_sent(studio.page, AWAY_S)
            await expect(studio.page.locator("#sent")).to_contain_text("Not sent yet: ")
        await _finish(studio, folder)


async def _away_from_the_server(browser: Browser, folder: Path, *, loses_all: bool) -> None:
    product = Restartable(folder)
    with product as address:
        async with recording_visitor(browser, address) as visitor:
            studio = await Studio.open(visitor)
            await go_on_air(studio.page, station="main")
            await record_until(studio.page, 2)
            product.stop()
            if loses_all:
                product.lose_everything()
            else:
                await not_sent(studio.page, AWAY_S)
            product.start()
            await _finish(studio, folder)


async def _forget(page: Page, station: str) -> None:
    """Let the server say that it knows the page's recording no more."""
    begun = json.loads(await page.evaluate("localStorage.getItem('audio-stream.recordings')"))
    gone = {"status": 404, "json": {"status": 404, "detail": "There is no such recording."}}
    await page.route(
        re.compile(f"/api/recordings/{begun[station]}"), lambda route: route.fulfill(**gone)
    )


async def _beginning_lost_by_both(browser: Browser, address: str, folder: Path) -> None:
    async with recording_visitor(browser, address) as visitor:
        studio = await Studio.open(visitor)
        page = studio.page
        await page.add_init_script(LITTLE_ROOM)
        await hurry(page, "storage-room.js", "LOOK_EVERY_S = 10;", "LOOK_EVERY_S = 0.5;")
        await go_on_air(page, station="forgotten", title="Without its beginning")
        await page.wait_for_function("() => window.hasMadeRoom")
        await _forget(page, "forgotten")
        lost = re.compile(r"The server has lost the first \d+:\d\d of this recording")
        await expect(page.get_by_role("alert")).to_contain_text(lost)
        row = left(page, "Without its beginning")
        track_id = await send_the_rest(row)
        await expect(row).to_contain_text("It is in the library now, but for about")
        await studio.assert_delivered_but_for_a_hole(track_id, folder)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def absences(
    sweeping: Browser, address: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Absences]:
    """Begin all of them together: they are one long wait."""
    folder = tmp_path_factory.mktemp
    begun = {
        "offline": _away_from_the_network(sweeping, address, folder("offline")),
        "stopped": _away_from_the_server(sweeping, folder("stopped"), loses_all=False),
        "emptied": _away_from_the_server(sweeping, folder("emptied"), loses_all=True),
        "forgotten": _beginning_lost_by_both(sweeping, address, folder("forgotten")),
    }
    tasks = {name: asyncio.create_task(absence) for name, absence in begun.items()}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.wait(tasks.values())


async def test_a_station_that_somebody_took_meanwhile_is_told_until_it_is_free(
    sweeping: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIO_STREAM_SILENCE_S", "1")
    with Restartable(tmp_path) as address:
        async with recording_visitor(sweeping, address) as visitor:
            studio = await Studio.open(visitor)
            page = studio.page
            await go_on_air(page, station="main")
            await visitor.set_offline(offline=True)
            await _until_off_air(address)
            async with LiveSource(address):
                await visitor.set_offline(offline=False)
                await page.get_by_text("Recording, not on air", exact=True).wait_for()
                hint = page.locator("#hint")
                await expect(hint).to_have_text(re.compile("^Somebody else has the station."))
            await _finish(studio, tmp_path)


async def test_ten_seconds_offline_cost_nothing(absences: Absences) -> None:
    await absences["offline"]


async def test_a_server_stopped_and_started_again_gets_what_it_missed(absences: Absences) -> None:
    await absences["stopped"]


async def test_a_server_that_lost_its_data_gets_the_recording_from_its_first_byte(
    absences: Absences,
) -> None:
    await absences["emptied"]


async def test_what_nobody_has_any_more_is_told_and_the_rest_is_a_track(absences: Absences) -> None:
    await absences["forgotten"]
