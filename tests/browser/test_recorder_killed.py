"""The whole browser is killed, or sleeps, in the middle of a recording: nothing of it is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.conftest import (
    ALLOWED,
    CHROMIUM,
    MICROPHONE,
    SWITCHES,
    elapsed_s,
    go_on_air,
    record_until,
    running_product,
    stop,
)
from browser.recording import Studio, left, lose_network, not_sent, send_the_rest
from browser.sweep import write_sweep

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Playwright

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Profile:
    """A browser's folder, which outlives the browser."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder / "profile"
        self._sweep = write_sweep(folder / "sweep.wav")
        self._address = address

    @asynccontextmanager
    async def opened(self, playwright: Playwright) -> AsyncIterator[BrowserContext]:
        """Start a browser on it."""
        if CHROMIUM is None:
            pytest.skip("the pages are tested in Chromium, and there is no chromium here")
        sound = f"--use-file-for-fake-audio-capture={self._sweep}"
        visitor = await playwright.chromium.launch_persistent_context(
            self._folder,
            executable_path=CHROMIUM,
            args=[*SWITCHES, ALLOWED, MICROPHONE, sound],
            chromium_sandbox=False,
            base_url=self._address,
        )
        visitor.set_default_timeout(20_000)
        yield visitor
        await visitor.close()

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Stop every process of the browser, as a computer that sleeps does."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """Send it to every process of the browser: they are a group of their own."""
        everybody = ["ps", "-axww", "-o", "pid=,args="]
        listing = subprocess.run(everybody, capture_output=True, check=True)
        owner = f"--user-data-dir={self._folder}".encode()
        mine = [line for line in listing.stdout.splitlines() if owner in line]
        groups = {os.getpgid(int(line.split()[0])) for line in mine}
        assert groups, "no browser runs on this profile"
        assert os.getpgid(0) not in groups, "it is in the group of the tests"
        for group in groups:
            os.killpg(group, number)


async def _until_interrupted(playwright: Playwright, address: str) -> None:
    """Wait until the server has made an incomplete track of what came so far."""
    somebody = await playwright.request.new_context(base_url=address)
    async with asyncio.timeout(20):
        tracks: list[dict[str, object]] = []
        while not any(track["incomplete"] for track in tracks):
            await asyncio.sleep(0.1)
            tracks = (await (await somebody.get("/api/tracks")).json())["tracks"]
    await somebody.dispose()


async def test_what_a_killed_browser_left_is_sent_when_it_is_opened_again(
    playwright: Playwright, address: str, tmp_path: Path
) -> None:
    profile = Profile(tmp_path, address)
    async with profile.opened(playwright) as visitor:
        studio = await Studio.open(visitor)
        await go_on_air(studio.page, station="killed", title="Before the kill")
        await lose_network(studio.page)
        await not_sent(studio.page, 2)
        recorded_s = await elapsed_s(studio.page)
        async with visitor.expect_event("close"):
            profile.signal(signal.SIGKILL)
    async with profile.opened(playwright) as visitor:
        page = await visitor.new_page()
        await page.goto("/record")
        track_id = await send_the_rest(left(page, "Before the kill"))
        await studio.assert_whole_though_gone(track_id, tmp_path, asked=page, duration_s=recorded_s)


async def test_a_computer_that_slept_goes_on_in_the_same_recording(
    playwright: Playwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIO_STREAM_SILENCE_S", "1")
    with running_product(tmp_path) as address:
        profile = Profile(tmp_path, address)
        async with profile.opened(playwright) as visitor:
            studio = await Studio.open(visitor)
            await go_on_air(studio.page, station="main")
            await record_until(studio.page, 2)
            with profile.asleep():
                await _until_interrupted(playwright, address)
            await studio.page.get_by_text("On air", exact=True).wait_for()
            await record_until(studio.page, await elapsed_s(studio.page) + 1)
            await studio.assert_delivered(await stop(studio.page), tmp_path)
