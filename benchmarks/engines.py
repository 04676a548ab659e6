"""How three browser engines hear each other: every recorder with every listener.

    python benchmarks/engines.py [--seconds 5]

Real Chromium, Firefox and WebKitGTK (Safari's engine), one pair after the other. For each: how
much of what the listener heard was the recorder's tones, the listener's own account of its delay
and stalls, and how long Play took. An engine that is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from browser.drivers.chromium import Chromium  # noqa: E402 - found by the path above
from browser.drivers.firefox import Firefox  # noqa: E402 - found by the path above
from browser.drivers.on_air import (  # noqa: E402 - found by the path above
    go_on_air,
    listen,
    loudest_hz,
    share_of,
    stop,
)
from browser.drivers.webkit import WebKit  # noqa: E402 - found by the path above
from integration.product import started  # noqa: E402 - found by the path above

if TYPE_CHECKING:
    from browser.drivers.engine import Engine, EngineKind

KINDS: tuple[EngineKind, ...] = (Chromium(), Firefox(), WebKit())
ACCOUNT = "document.querySelector('#player').dataset"
SENDS = "fetch('/api/stations').then((r) => r.json()).then((a) => a.stations)"


async def _measure(address: str, recorder: Engine, listener: Engine, seconds: float) -> str:
    """Let one engine record for the other; return the row's figures."""
    studio = await recorder.new_page()
    await go_on_air(studio, address, "pair")
    page = await listener.new_page()
    begin = time.perf_counter()
    await listen(page, address, "pair")
    started_s = time.perf_counter() - begin
    share = share_of(recorder.tones_hz, await loudest_hz(page, seconds))
    account = await page.evaluate(ACCOUNT)
    (sends,) = [s["mime_type"] for s in await page.evaluate(SENDS) if s["station"] == "pair"]
    await page.close()
    await stop(studio)
    await studio.close()
    delay, stalls = account.get("delayS") or "?", account.get("stalls") or "?"
    figures = f"{share:6.0%} {delay:>7} {stalls:>6} {started_s:7.2f}"
    return f"{figures}  {account['way']:5} {sends}"


async def _main(address: str, folder: Path, seconds: float) -> None:
    print(f"{'recorder':9} {'listener':9} {'heard':>6} {'delay/s':>7} {'stalls':>6} {'play/s':>7}")
    async with AsyncExitStack() as stack:
        engines: dict[str, Engine] = {}
        for kind in KINDS:
            missing = kind.missing()
            if missing:
                print(f"{kind.name} is left out: there is no {missing} here")
                continue
            profile = folder / kind.name
            profile.mkdir()
            engines[kind.name] = await stack.enter_async_context(kind.started(profile))
        for recorder_name, recorder in engines.items():
            for listener_name, listener in engines.items():
                row = await _measure(address, recorder, listener, seconds)
                print(f"{recorder_name:9} {listener_name:9} {row}", flush=True)


def main() -> None:
    """Print a line for each pair."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5, help="to listen for")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        product = Path(folder) / "product"
        product.mkdir()
        with started([sys.executable, "-m", "audio_stream"], product) as address:
            asyncio.run(_main(address.replace("127.0.0.1", "localhost"), Path(folder), seconds))


if __name__ == "__main__":
    main()
