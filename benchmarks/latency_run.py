"""One run of benchmarks/latency.py: start everything, listen, and say what was heard."""

from __future__ import annotations

import asyncio
import statistics
import sys
import uuid
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from latency_cpu import Meter
from latency_icecast import relayed
from latency_pages import NO_DECODER, Browsing, chromium, go_on_air, listen, listen_plainly
from latency_record import Record, delays, slope_ms_per_minute
from latency_trouble import LateLine, hogs

from browser.drivers.engine import until
from integration.product import started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from browser.drivers.engine import EnginePage

ACCOUNT = "({...(document.querySelector('#player')?.dataset)})"
# Often, so that there is never much to take: that holds the page up, and would count as its own.
_DRAIN_EVERY_S = 0.25


@dataclass(frozen=True)
class Variant:
    """Who records for whom, and what stands in their way."""

    name: str
    recorder: Callable[[Path], AbstractAsyncContextManager[Browsing]] = chromium
    listener: Callable[[Path], AbstractAsyncContextManager[Browsing]] = chromium
    line: Literal["prompt", "late", "rough"] = "prompt"
    hogs: int = 0
    has_icecast: bool = False
    script: str = ""
    """What the listener's page runs first."""
    has_both_ways: bool = False
    """Whether another page listens through Media Source, in the same browser."""


@dataclass(frozen=True)
class Options:
    """How long and how often."""

    settle_s: float
    """A player that adapts comes near to its smallest delay in this time."""
    seconds: float
    cpu_s: float
    presses: int
    sound: str


@dataclass(frozen=True)
class Result:
    """What one listener heard."""

    name: str
    delays_ms: Sequence[float]
    drift_ms_per_min: float
    gaps_ms: Sequence[float]
    microphone_gaps_ms: Sequence[float] = ()
    first_ms: Sequence[float] = ()
    """Play on a page just opened."""
    again_ms: Sequence[float] = ()
    """Play after a pause."""
    stalls: int | None = None
    """By the player's own account; a plain element has none."""
    cpu: Mapping[str, float] | None = None
    account: Mapping[str, str] | None = None

    @property
    def median_ms(self) -> float:
        return statistics.median(self.delays_ms)

    @property
    def p95_ms(self) -> float:
        return statistics.quantiles(self.delays_ms, n=20)[-1]


async def loopback(folder: Path) -> Result:
    """Return what the same measurement says of a microphone that goes straight to the card."""
    with started(_product("loopback"), _made(folder / "product")) as address:
        async with chromium(_made(folder / "browser")) as browsing:
            page = await browsing.new_page()
            await page.open(f"{address.replace('127.0.0.1', 'localhost')}/nothing-is-here")
            await page.evaluate("latency.tap('in') ?? latency.tap('out') ?? 0")
            await page.evaluate("latency.loopback()")
            await asyncio.sleep(1)
            said, heard = Record(page, "in"), Record(page, "out")
            await _tapped_s([said, heard], 20)
            return _result("loopback", said, heard)


async def measure(variant: Variant, folder: Path, options: Options) -> Sequence[Result]:
    """Let one browser record for another; return what each listener heard."""
    word = f"latency {uuid.uuid4().hex}"
    async with AsyncExitStack() as stack:
        address = stack.enter_context(started(_product(word), _made(folder / "product")))
        address = address.replace("127.0.0.1", "localhost")
        recorder = await stack.enter_async_context(variant.recorder(_made(folder / "recorder")))
        listener = await stack.enter_async_context(variant.listener(_made(folder / "listener")))
        if variant.line != "prompt":
            line = LateLine(address, is_rough=variant.line == "rough")
            address = await stack.enter_async_context(line.open())
        studio = await recorder.new_page()
        page = await listener.new_page(script=variant.script)
        await go_on_air(studio, address, "main", options.sound)
        others: dict[str, Record] = {}
        if variant.has_icecast:
            relay = stack.enter_context(relayed(_made(folder / "icecast"), f"{address}/live/main"))
            for name, url in relay.items():
                others[name] = Record(await listen_plainly(listener, address, url), "out")
        if variant.has_both_ways:
            other = await listener.new_page(script=NO_DECODER)
            await listen(other, address, "main", with_tap=True)
            others["Media Source"] = Record(other, "out")
        stack.enter_context(hogs(variant.hogs) if variant.hogs else nullcontext())
        await listen(page, address, "main")
        await asyncio.sleep(options.settle_s)
        meter = Meter(server=word, recorder=recorder.word, listener=listener.word)
        await asyncio.sleep(options.cpu_s)
        cpu = meter.shares()

        said, heard = Record(studio, "in"), Record(page, "out")
        for record in (said, *others.values()):
            await record.open()
        # To open a tap holds a page up: the listener begins anew with its tap there already.
        await listen(page, address, "main", with_tap=True)
        await asyncio.sleep(options.settle_s)
        before = [await _account(page), *[await _account(other.page) for other in others.values()]]
        await _tapped_s([said, heard, *others.values()], options.seconds)
        after = [await _account(page), *[await _account(other.page) for other in others.values()]]
        stalls = [_stalls(now) - _stalls(then) for then, now in zip(before, after, strict=True)]
        fresh, again = await _first_sounds(page, f"{address}/?station=main", options.presses)
        result = _result(
            variant.name,
            said,
            heard,
            first_ms=fresh,
            again_ms=again,
            stalls=stalls[0],
            cpu=cpu,
            account=after[0],
        )
        return [
            result,
            *(
                _result(name, said, record, stalls=count if own else None, account=own)
                for (name, record), count, own in zip(
                    others.items(), stalls[1:], after[1:], strict=True
                )
            ),
        ]


async def _account(page: EnginePage) -> Mapping[str, str]:
    """Return what the page's player tells of itself; a plain element tells nothing."""
    account: Mapping[str, str] = await page.evaluate(ACCOUNT)
    return account


def _stalls(account: Mapping[str, str]) -> int:
    return int(account.get("stalls") or 0)


def _result(name: str, said: Record, heard: Record, **more: object) -> Result:
    found = delays(said.beeps(), heard.beeps())
    return Result(
        name=name,
        delays_ms=[delay_ms for _, delay_ms in found],
        drift_ms_per_min=slope_ms_per_minute(found),
        gaps_ms=heard.gaps_ms(),
        microphone_gaps_ms=said.gaps_ms(),
        **more,  # type: ignore[arg-type]  # as the fields are called
    )


async def _tapped_s(records: Sequence[Record], seconds: float) -> None:
    """Record so long, taking what the pages keep before it becomes much."""
    for record in records:
        await record.forget()
    passed_s = 0.0
    while passed_s < seconds:
        await asyncio.sleep(min(_DRAIN_EVERY_S, seconds - passed_s))
        passed_s += _DRAIN_EVERY_S
        for record in records:
            await record.drain()


async def _first_sounds(
    page: EnginePage, url: str, presses: int
) -> tuple[list[float], list[float]]:
    """Return how long the first Play of a page and the one after a pause took, in ms."""
    fresh, again = [], []
    for _ in range(presses):
        await page.open(url)
        await asyncio.sleep(1.0)
        fresh.append(await _press(page))
        await page.click("Pause")
        await asyncio.sleep(1.0)
        again.append(await _press(page))
    return fresh, again


async def _press(page: EnginePage) -> float:
    await page.evaluate("latency.watch() ?? 0")
    await page.click("Play")
    await until(page, "latency.firstSound_ms() !== null")
    took_ms: float = await page.evaluate("latency.firstSound_ms()")
    return took_ms


def _product(title: str) -> Sequence[str]:
    cover = Path(__file__).with_name("latency_worklet.js")
    return [sys.executable, "-m", "audio_stream", "--title", title, "--cover", str(cover)]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
