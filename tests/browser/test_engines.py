"""Chromium, Firefox and Safari's engine hear each other, and each makes tracks for the others."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from browser.drivers.chromium import Chromium
from browser.drivers.firefox import Firefox
from browser.drivers.on_air import PLAYED, go_on_air, listen, loudest_hz, share_of, stop
from browser.drivers.webkit import WebKit
from ffmpeg_probe import packets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from browser.drivers.engine import Engine, EngineKind, EnginePage

pytestmark = pytest.mark.asyncio(loop_scope="session")

OTHERS: dict[str, EngineKind] = {kind.name: kind for kind in (Firefox(), WebKit())}
HEARD_S = 3
LOOKS = 5
ENOUGH = 0.5


@dataclass
class Heard:
    """What each engine made the others hear."""

    shares: dict[tuple[str, str], float] = field(default_factory=dict)
    """How much of what a listener heard was the recorder's tones, by recorder and listener."""
    played: dict[str, tuple[float, float]] = field(default_factory=dict)
    """The duration of each recorder's track, and where it was sought to, in Chromium."""
    tracks: dict[str, bytes] = field(default_factory=dict)
    """Each recorder's track."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def heard(address: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Heard]:
    """Let every engine that is here record, and hear Chromium, all at the same time."""
    if reason := Chromium().missing():
        pytest.skip(f"engines are heard in Chromium, and there is no {reason} here")
    kinds = [Chromium(), *(kind for kind in OTHERS.values() if not kind.missing())]
    folders = [tmp_path_factory.mktemp(kind.name) for kind in kinds]
    heard = Heard()
    async with AsyncExitStack() as stack:
        chromium, *others = await asyncio.gather(
            *(
                stack.enter_async_context(kind.started(folder))
                for kind, folder in zip(kinds, folders, strict=True)
            )
        )
        studio = await chromium.new_page()
        await go_on_air(studio, address, "from-chromium")
        await asyncio.gather(
            *(
                _meet(address, heard, chromium, kind.name, other)
                for kind, other in zip(kinds[1:], others, strict=True)
            )
        )
        track_id = await stop(studio)
        heard.played["chromium"] = await studio.evaluate(PLAYED % track_id)
        heard.tracks["chromium"] = await _fetch(address, track_id)
        yield heard


async def _meet(address: str, heard: Heard, chromium: Engine, name: str, other: Engine) -> None:
    """Let another engine be heard in Chromium, then hear Chromium."""
    page, listener = await other.new_page(), await chromium.new_page()
    await go_on_air(page, address, f"from-{name}")
    await listen(listener, address, f"from-{name}")
    heard.shares[name, "chromium"] = await _share(listener, other)
    track_id = await stop(page)
    await listen(page, address, "from-chromium")
    heard.shares["chromium", name] = await _share(page, chromium)
    heard.played[name] = await listener.evaluate(PLAYED % track_id)
    heard.tracks[name] = await _fetch(address, track_id)


async def _share(page: EnginePage, source: Engine) -> float:
    """Return how much of what is heard is the source's, in the best of a few looks."""
    best = 0.0
    for _ in range(LOOKS):
        best = max(best, share_of(source.tones_hz, await loudest_hz(page, HEARD_S)))
        if best > ENOUGH:
            break  # a busy computer may have been slow before
    return best


async def _fetch(address: str, track_id: str) -> bytes:
    async with ClientSession() as http, http.get(f"{address}/tracks/{track_id}/audio") as answer:
        return await answer.read()


def _skip_without(name: str) -> None:
    reason = OTHERS[name].missing() if name in OTHERS else None
    if reason:
        pytest.skip(f"{name} cannot be tested: there is no {reason} here")


@pytest.mark.parametrize("name", OTHERS)
async def test_chromium_hears_it(name: str, heard: Heard) -> None:
    _skip_without(name)
    assert heard.shares[name, "chromium"] > ENOUGH


@pytest.mark.parametrize("name", OTHERS)
async def test_it_hears_chromium(name: str, heard: Heard) -> None:
    _skip_without(name)
    assert heard.shares["chromium", name] > ENOUGH


@pytest.mark.parametrize("name", ["chromium", *OTHERS])
async def test_its_recording_plays_and_seeks_in_chromium(name: str, heard: Heard) -> None:
    _skip_without(name)
    duration_s, sought_s = heard.played[name]
    assert duration_s >= HEARD_S
    assert sought_s == pytest.approx(duration_s / 2, abs=0.1)


@pytest.mark.parametrize("name", ["chromium", *OTHERS])
async def test_it_records_a_packet_every_20_ms(name: str, heard: Heard, tmp_path: Path) -> None:
    _skip_without(name)
    track = tmp_path / "track.webm"
    track.write_bytes(heard.tracks[name])
    times_ms = [packet.time for packet in packets(track)]
    assert [time - times_ms[0] for time in times_ms] == [20 * n for n in range(len(times_ms))]
