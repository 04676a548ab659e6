"""What people do with the two pages, in any engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from browser.drivers.engine import until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from browser.drivers.engine import EnginePage

_NEAR_HZ = 60

HEARD = """(async () => {
  const heard = [];
  const canvas = document.querySelector("#visualizer");
  for (const end = performance.now() + %d; performance.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    heard.push(Number(canvas.dataset.peakHz ?? 0));
  }
  return heard;
})()"""

PLAYED = """(async () => {
  const url = "/api/tracks/%s";
  let track;
  do {
    await new Promise((resolve) => setTimeout(resolve, 100));
    track = await (await fetch(url)).json();
  } while (track.state === "processing" || track.state === undefined);
  const audio = new Audio(track.renditions[0].url);
  await audio.play();
  audio.pause(); // so that it stays where it was sought until it is asked
  audio.currentTime = audio.duration / 2;
  await new Promise((resolve) => audio.addEventListener("seeked", resolve, { once: true }));
  const from_s = audio.currentTime;
  await audio.play();
  while (audio.currentTime < from_s + 0.5) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return [audio.duration, from_s];
})()"""


async def go_on_air(page: EnginePage, address: str, station: str) -> None:
    """Open the studio and press Record; return once the station is on air."""
    await page.open(f"{address}/record?station={station}")
    await page.click("Record")
    await until(page, "document.querySelector('#badge').textContent === 'On air'")


async def stop(page: EnginePage) -> str:
    """Press Stop; return the track's id once the page says that the recording is kept."""
    await page.click("Stop")
    await until(page, "document.querySelector('#finished').dataset.trackId")
    track_id: str = await page.evaluate("document.querySelector('#finished').dataset.trackId")
    return track_id


async def listen(page: EnginePage, address: str, station: str) -> None:
    """Open the listeners' page and press Play; return once it plays."""
    await page.open(f"{address}/?station={station}")
    await page.click("Play")
    await until(page, "document.querySelector('#radio').dataset.state === 'playing'")


async def loudest_hz(page: EnginePage, seconds: float) -> list[int]:
    """Return the loudest frequency at each look, for as long as that."""
    heard: list[int] = await page.evaluate(HEARD % (seconds * 1000))
    return heard


def share_of(tones_hz: Sequence[int], heard_hz: Sequence[int]) -> float:
    """Return how much of what was heard is one of these tones, from 0 to 1."""
    near = [hz for hz in heard_hz if min(abs(hz - tone) for tone in tones_hz) <= _NEAR_HZ]
    return len(near) / len(heard_hz)
