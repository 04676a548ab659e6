"""The network or the server goes away in the middle of a recording: the track is whole."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.conftest import elapsed_s, go_on_air, record_until, stop
from browser.recording import assert_track_whole, not_sent, offline, recording_visitor
from integration.product import started

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

AWAY_S = float(os.environ.get("AUDIO_STREAM_TEST_AWAY_S", "10"))
"""benchmarks/offline.py stays away for longer."""

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


async def _finish(studio: Page, folder: Path) -> None:
    """Record for another moment on air, stop, and check the whole track."""
    await studio.get_by_text("On air", exact=True).wait_for()
    await record_until(studio, await elapsed_s(studio) + 1)
    track_id = await stop(studio)
    await assert_track_whole(studio, track_id, folder, duration_s=await elapsed_s(studio))


async def test_ten_seconds_offline_cost_nothing(
    sweeping: Browser, address: str, tmp_path: Path
) -> None:
    async with recording_visitor(sweeping, address) as visitor:
        studio = await visitor.new_page()
        await go_on_air(studio, station="offline")
        async with offline(visitor):
            await studio.get_by_text("Not sent yet: 0:01").wait_for()
            await not_sent(studio, AWAY_S)
        await _finish(studio, tmp_path)


async def test_a_server_stopped_and_started_again_gets_what_it_missed(
    sweeping: Browser, tmp_path: Path
) -> None:
    product = Restartable(tmp_path)
    with product as address:
        async with recording_visitor(sweeping, address) as visitor:
            studio = await visitor.new_page()
            await go_on_air(studio, station="main")
            product.stop()
            await not_sent(studio, AWAY_S)
            product.start()
            await _finish(studio, tmp_path)


async def test_a_server_that_lost_its_data_gets_the_recording_from_its_first_byte(
    sweeping: Browser, tmp_path: Path
) -> None:
    product = Restartable(tmp_path)
    with product as address:
        async with recording_visitor(sweeping, address) as visitor:
            studio = await visitor.new_page()
            await go_on_air(studio, station="main")
            await record_until(studio, 2)
            product.stop()
            product.lose_everything()
            product.start()
            await _finish(studio, tmp_path)
