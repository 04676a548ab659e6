"""How late a listener hears the microphone; first sound, stalls and what it costs.

    python benchmarks/latency.py [clean source late rough ways hogs firefox icecast loopback]
                                 [--all] [--quick] [--minutes 10] [--sound music]

Two real browsers, one at /record and one at /, each a program of its own. The microphone plays a
beep each half second, each of another pitch than those around it, over a quiet hum. A beep's
delay runs from the moment the microphone hears it to the moment the player gives it to the sound
card; what a real microphone and a real sound card add comes on top. `late` puts a line between
both browsers and the server on which 2 % of all requests are late by 60 to 150 ms; on the `rough`
one 2 % of the answers and of the live sound's segments are too. `source` is `clean` as a page hears
it that cannot decode by itself, through Media Source; `ways` has such a page hear the rough line
beside the other one. `hogs` lets four programs keep the machine busy; `firefox` lets Firefox record
for Chromium, and the other way round; `icecast` sends the same sound on to Icecast 2.4, as Ogg and
as MP3, and hears it there too, with an <audio> element.
`--minutes 10` listens for so long: the drift.
`loopback` is a microphone straight to the sound card: what browser and measurement add.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from latency_pages import NO_DECODER, firefox  # noqa: E402 - found by the path above
from latency_run import Options, Result, Variant, loopback, measure  # noqa: E402 - found by the path above

if TYPE_CHECKING:
    from collections.abc import Sequence

VARIANTS = {
    "clean": [Variant("clean")],
    "source": [Variant("by Media Source", script=NO_DECODER)],
    "late": [Variant("late", line="late")],
    "rough": [Variant("rough", line="rough")],
    "ways": [Variant("both ways, rough", line="rough", has_both_ways=True)],
    "hogs": [Variant("hogs", hogs=4)],
    "firefox": [
        Variant("Firefox → Chromium", recorder=firefox),
        Variant("Chromium → Firefox", listener=firefox),
    ],
    "icecast": [Variant("beside Icecast", has_icecast=True)],
}
_GOAL = "{:20} {:5} {:>7} {:>7} {:>7} {:7} {:>6} {:>6} {:14}  {}"
GOALS = {
    "clean": _GOAL.format(
        "  goal", "≥ 80", "≤ 120", "≤ 160", "≤ 250", "", "0", "0", "", "both browsers ≤ 60%"
    ),
    "late": _GOAL.format("  goal", "", "≤ 300", "≤ 400", "", "", "", "0", "", ""),
}
TITLE = (
    f"{'':20} {'beeps':>5} {'median':>7} {'p95':>7} {'first':>7} {'again':>7} {'drift':>6} "
    f"{'stalls':>6} {'gaps':>14}  {'server':>6} {'rec.':>5} {'list.':>5}  by the page's account"
)


def _row(result: Result) -> str:
    cpu = result.cpu or {}
    shares = (f"{cpu[name]:.0%}" if cpu else "" for name in ("server", "recorder", "listener"))
    gaps = f"{len(result.gaps_ms)}: {sum(result.gaps_ms):.0f} ms" if result.gaps_ms else "0"
    account = result.account or {}
    words = (account.get(key) for key in ("way", "delayS", "targetS", "jumps"))
    return (
        f"{result.name:20} {len(result.delays_ms):5} {result.median_ms:7.0f} {result.p95_ms:7.0f} "
        f"{_median(result.first_ms):>7} {_median(result.again_ms):>7} "
        f"{result.drift_ms_per_min:+6.1f} {_told(result.stalls):>6} {gaps:>14}  "
        "{:>6} {:>5} {:>5}".format(*shares)
        + "  "
        + " ".join(word or "?" for word in words)
    )


def _median(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.0f}" if values else ""


def _told(number: int | None) -> str:
    return "" if number is None else str(number)


async def _main(names: Sequence[str], options: Options) -> None:
    print(TITLE)
    for name in names:
        for variant in VARIANTS.get(name, [None]):
            with tempfile.TemporaryDirectory() as folder:
                if variant is None:
                    results: Sequence[Result] = [await loopback(Path(folder))]
                else:
                    results = await measure(variant, Path(folder), options)
            for result in results:
                print(_row(result), flush=True)
            silent_ms = sum(results[0].microphone_gaps_ms)
            if silent_ms:
                print(f"  the microphone itself was silent for {silent_ms:.0f} ms", flush=True)
        if name in GOALS:
            print(GOALS[name], flush=True)


def main() -> None:
    """Print a line for each listener."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("variants", nargs="*", choices=[*VARIANTS, "loopback", []], help="which")
    parser.add_argument("--all", action="store_true", help="each of them")
    parser.add_argument("--minutes", type=float, default=0.75, help="to listen for, each")
    parser.add_argument("--quick", action="store_true", help="a look, not a measurement")
    parser.add_argument("--presses", type=int, default=5, help="how often Play is tried")
    parser.add_argument("--sound", choices=("voice", "music"), default="voice")
    given = parser.parse_args()
    names = ["loopback", *VARIANTS] if given.all else given.variants or ["loopback", "clean"]
    options = Options(
        settle_s=6 if given.quick else 12,
        seconds=10 if given.quick else given.minutes * 60,
        cpu_s=4 if given.quick else 15,
        presses=1 if given.quick else given.presses,
        sound=given.sound,
    )
    asyncio.run(_main(names, options))


if __name__ == "__main__":
    main()
