"""How soon a packet leaves the encoder after its sound left the microphone, by way of feeding.

    python benchmarks/feeds.py [--seconds 20]

Real Chromium with a fake microphone that beeps; the product's own modules. For each way the time
from when a page can first know of a beep (the device's own track, 10 ms at a time) until the packet
with the beep's beginning comes out of the encoder: median and 95th percentile.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np
from playwright.async_api import Playwright, async_playwright

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from browser.conftest import ALLOWED, CHROMIUM, MICROPHONE, SWITCHES, running_product  # noqa: E402 - found by the path above

WAYS = {
    "device": "the device's track through a MediaStreamTrackProcessor",
    "graph": "an AudioWorklet in the microphone's graph",
    "output": "the graph's output stream through a MediaStreamTrackProcessor",
}
MEASURE = """async ([way, seconds]) => {
  const { Microphone } = await import("/static/microphone.js");
  const { DeviceFeed } = await import("/static/device-feed.js");
  const { GraphFeed } = await import("/static/graph-feed.js");
  const { withChannels } = await import("/static/audio-data.js");
  const LOUD = 0.02;
  const QUIET_S = 0.2;
  const onsets = (found) => {
    let [frames, quiet_s] = [0, QUIET_S];
    return (sound) => {
      const plane = new Float32Array(sound.numberOfFrames);
      sound.copyTo(plane, { planeIndex: 0, format: "f32-planar" });
      plane.forEach((sample, at) => {
        if (Math.abs(sample) < LOUD) quiet_s += 1 / sound.sampleRate;
        else {
          if (quiet_s >= QUIET_S) found((frames + at) / sound.sampleRate);
          quiet_s = 0;
        }
      });
      frames += plane.length;
    };
  };
  const read = async (track, hear) => {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (;;) hear((await reader.read()).value);
  };
  const microphone = new Microphone({ onLost() {}, onMuted() {} });
  await microphone.open("", "voice");
  const beeps = [];
  const hearBeep = onsets(() => beeps.push(performance.now()));
  read(microphone.track.clone(), (sound) => { hearBeep(sound); sound.close(); });
  const packets = [];
  const places = [];
  const note = onsets((place_s) => places.push(place_s));
  let encoder;
  const take = (given) => {
    const sound = withChannels(given, 1);
    if (!encoder) {
      encoder = new AudioEncoder({ output: () => packets.push(performance.now()), error() {} });
      encoder.configure({
        codec: "opus", sampleRate: sound.sampleRate, numberOfChannels: 1, bitrate: 48_000,
        opus: { frameDuration: 20_000 },
      });
    }
    note(sound);
    encoder.encode(sound);
    sound.close();
  };
  if (way === "output") read(microphone.stream.getAudioTracks()[0], take);
  else await new (way === "device" ? DeviceFeed : GraphFeed)(microphone, take).start();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const made_ms = places.map((place_s) => packets[Math.floor(place_s * 50)]).filter(Boolean);
  return made_ms.flatMap((at) => beeps.filter((beep) => beep > at - 250 && beep <= at)
    .slice(-1).map((beep) => at - beep));
}"""


def _write_beeps(path: Path) -> Path:
    rate_hz, beep_s = 48_000, 0.1
    sound = np.zeros(20 * rate_hz)
    beep = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(int(beep_s * rate_hz)) / rate_hz)
    for number in range(38):
        at = int((0.513 * number + 0.1) * rate_hz)  # at every place within a packet
        sound[at : at + len(beep)] = beep
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    return path


async def _measure(
    playwright: Playwright, address: str, beeps: Path, way: str, seconds: float
) -> list[float]:
    browser = await playwright.chromium.launch(
        executable_path=CHROMIUM,
        args=[*SWITCHES, ALLOWED, MICROPHONE, f"--use-file-for-fake-audio-capture={beeps}"],
        chromium_sandbox=False,
    )
    page = await browser.new_page()
    await page.goto(f"{address}/no-such-page")
    delays_ms: list[float] = await page.evaluate(MEASURE, [way, seconds])
    await browser.close()
    return delays_ms


async def main() -> None:
    """Measure one way after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder, running_product(Path(folder)) as address:
        beeps = _write_beeps(Path(folder) / "beeps.wav")
        async with async_playwright() as playwright:
            print(f"{'ms':>6} {'95 %':>6} {'beeps':>6}")
            for way, words in WAYS.items():
                delays = await _measure(playwright, address, beeps, way, seconds)
                median, late = np.percentile(delays, [50, 95])
                print(f"{median:6.0f} {late:6.0f} {len(delays):6}  {words}")


if __name__ == "__main__":
    asyncio.run(main())
