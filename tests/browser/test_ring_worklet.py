"""What the audio thread makes of the sound that it is given, sample by sample."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from numpy.typing import NDArray
    from playwright.async_api import Browser, Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

RATE_HZ = 48_000
PIECE = 960
FADE = 128
CROSSFADE = 480
ECHO = """registerProcessor("echo", class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.port.onmessage = () => this.port.postMessage(0);
  }
  process() {
    return true;
  }
});"""
RENDER = """async ({ echoes, pieces, then, channels, seconds }) => {
  const context = new OfflineAudioContext(channels, seconds * 48_000, 48_000);
  await context.audioWorklet.addModule("/static/ring-worklet.js");
  const echoModule = new Blob([echoes], { type: "text/javascript" });
  await context.audioWorklet.addModule(URL.createObjectURL(echoModule));
  const ring = new AudioWorkletNode(context, "ring", {
    numberOfInputs: 0,
    outputChannelCount: [channels],
    processorOptions: { channels },
  });
  const reports = [];
  ring.port.onmessage = ({ data }) => reports.push(data);
  ring.connect(context.destination);
  const floats = (text) => new Float32Array(Uint8Array.fromBase64(text).buffer);
  const post = (message) => {
    const { sound, ...other } = message;
    const planes = sound?.planes.map(floats);
    ring.port.postMessage({ ...other, sound: sound && { ...sound, planes } });
  };
  const echo = new AudioWorkletNode(context, "echo");
  // What was sent to the audio thread before has come there, and its answers here.
  const settle = () => new Promise((resolve) => {
    echo.port.onmessage = resolve;
    echo.port.postMessage(0);
  });
  for (const [at_s, messages] of then) {
    context.suspend(at_s).then(async () => {
      messages.forEach(post);
      await settle();
      context.resume();
    });
  }
  pieces.forEach(post);
  await settle();
  const heard = await context.startRendering();
  await settle();
  const planes = Array.from({ length: channels }, (_, i) =>
    new Uint8Array(heard.getChannelData(i).buffer).toBase64());
  return { planes, reports };
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def blank(chromium: Browser, address: str) -> AsyncIterator[Page]:
    """Open a page that may load a worklet which answers, past the pages' policy."""
    context = await chromium.new_context(base_url=address, bypass_csp=True)
    page = await context.new_page()
    await page.goto("/no-such-page")
    yield page
    await context.close()


class Rendered(NamedTuple):
    """What came out, and what the page was told."""

    planes: Sequence[NDArray[np.float32]]
    reports: Sequence[Mapping[str, Any]]


def tone(hz: float, seconds: float, from_s: float = 0) -> NDArray[np.float32]:
    times_s = from_s + np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (0.5 * np.sin(2 * np.pi * hz * times_s)).astype(np.float32)


def pieces_of(*planes: NDArray[np.float32], from_s: float = 0) -> list[dict[str, Any]]:
    """Return the messages that bring this sound, 20 ms each."""
    return [
        {
            "sound": {
                "planes": [
                    base64.b64encode(plane[start : start + PIECE].tobytes()).decode()
                    for plane in planes
                ],
                "silence": 0,
                "end_s": from_s + (start + PIECE) / RATE_HZ,
            }
        }
        for start in range(0, len(planes[0]), PIECE)
    ]


def steering(target_s: float, rate: float = 1) -> dict[str, Any]:
    return {"steering": {"rate": rate, "target_s": target_s}}


async def render(
    page: Page,
    messages: Sequence[Mapping[str, Any]],
    *,
    seconds: float = 1,
    channels: int = 1,
    then: Sequence[tuple[float, Sequence[Mapping[str, Any]]]] = (),
) -> Rendered:
    asked = {"pieces": messages, "then": then, "channels": channels, "seconds": seconds}
    made = await page.evaluate(RENDER, asked | {"echoes": ECHO})
    planes = [np.frombuffer(base64.b64decode(plane), np.float32) for plane in made["planes"]]
    return Rendered(planes, made["reports"])


def noise_db(heard: NDArray[np.float32], hz: float) -> float:
    """Return how loud all is that is not this tone, against the tone."""
    times_s = np.arange(len(heard)) / RATE_HZ
    waves = np.stack([np.sin(2 * np.pi * hz * times_s), np.cos(2 * np.pi * hz * times_s)], axis=1)
    share, *_ = np.linalg.lstsq(waves, heard.astype(np.float64), rcond=None)
    pure = waves @ share
    return float(10 * np.log10(np.mean((heard - pure) ** 2) / np.mean(pure**2)))


async def test_at_its_own_speed_sound_is_played_as_it_is(blank: Page) -> None:
    left, right = tone(440, 0.5), tone(700, 0.5)
    sound = [*pieces_of(left, right), steering(0.5)]
    heard = await render(blank, [*sound, {"ends": True}], channels=2)
    for plane, played in zip((left, right), heard.planes, strict=True):
        end = len(plane) - FADE - 3
        assert np.array_equal(played[FADE:end], plane[FADE:end])
        assert not played[len(plane) :].any()
    assert heard.reports[-1]["stalls"] == 0, "an end is no stall"


@pytest.mark.parametrize(("hz", "most_db"), [(440, -90), (2000, -60), (6000, -35)])
@pytest.mark.parametrize("rate", [0.995, 1.003])
async def test_a_little_faster_or_slower_it_is_the_same_sound(
    blank: Page, rate: float, hz: float, most_db: float
) -> None:
    sound = [*pieces_of(tone(hz, 0.6)), steering(0.6, rate), {"ends": True}]
    heard = (await render(blank, sound)).planes[0][1000:25_000]
    assert noise_db(heard, hz * rate) < most_db


async def test_after_a_change_of_speed_it_is_played_as_it_is_again(blank: Page) -> None:
    made = tone(440, 0.9)
    sound = [*pieces_of(made), steering(0.9, 1.004)]
    heard = await render(blank, sound, then=[(0.256, [steering(0.9)])])
    later = heard.planes[0][20_000:30_000]
    (shift,) = [n for n in range(200) if np.array_equal(made[20_000 + n :][: len(later)], later)]
    assert shift == pytest.approx(0.256 * RATE_HZ * 0.004, abs=2)


async def test_it_begins_at_the_target_once_all_of_what_comes_together_is_there(
    blank: Page,
) -> None:
    made = tone(440, 0.4)
    heard = await render(blank, pieces_of(made), then=[(0.128, [steering(0.1)])])
    (played,) = heard.planes
    begin = round(0.128 * RATE_HZ)
    assert not played[:begin].any()
    end = begin + round(0.1 * RATE_HZ) - FADE - 3
    assert np.array_equal(played[begin + FADE : end], made[-4800 + FADE :][: end - begin - FADE])


async def test_where_nothing_has_come_it_falls_silent_and_begins_again(blank: Page) -> None:
    first, second = tone(440, 0.2), tone(440, 0.2, from_s=0.2)
    too_little = [*pieces_of(second[: 2 * PIECE], from_s=0.2), steering(0.1)]
    enough = [*pieces_of(second[2 * PIECE :], from_s=0.24), steering(0.1)]
    heard = await render(
        blank,
        [*pieces_of(first), steering(0.2)],
        then=[(0.32, too_little), (0.48, enough)],
    )
    (played,) = heard.planes
    assert not played[round(0.2 * RATE_HZ) : round(0.48 * RATE_HZ)].any()
    assert played[round(0.49 * RATE_HZ) :][:4000].any()
    assert heard.reports[-1]["stalls"] == 2, "once between, and once at the end"
    assert heard.reports[-1]["jumps"] == 0
    steepest = 0.5 * 2 * np.pi * 440 / RATE_HZ + 0.5 / FADE
    assert np.abs(np.diff(played)).max() < steepest, "it clicks"


async def test_what_comes_together_after_an_outage_is_left_out_up_to_the_target(
    blank: Page,
) -> None:
    missed = tone(440, 0.5, from_s=0.2)
    burst = [*pieces_of(missed, from_s=0.2), steering(0.1)]
    sound = [*pieces_of(tone(440, 0.2)), steering(0.2)]
    heard = await render(blank, sound, then=[(0.32, burst)])
    begin, size = round(0.32 * RATE_HZ), 4800
    played = heard.planes[0][begin : begin + size]
    assert np.array_equal(played[FADE : -FADE - 3], missed[-size:][FADE : -FADE - 3])
    assert heard.reports[-1]["jumps"] == 1


async def test_a_leap_fades_from_where_it_was_to_where_it_should_be(blank: Page) -> None:
    made = tone(440, 0.8)
    leap = [steering(0.1), {"leaps": True}]
    heard = await render(blank, [*pieces_of(made), steering(0.8)], then=[(0.256, leap)])
    (played,) = heard.planes
    at, to = round(0.256 * RATE_HZ), round(0.7 * RATE_HZ)
    assert np.array_equal(played[FADE:at], made[FADE:at])
    assert np.array_equal(played[at + CROSSFADE :][:3000], made[to + CROSSFADE :][:3000])
    steepest = 0.5 * 2 * np.pi * 440 / RATE_HZ + 1 / CROSSFADE
    assert np.abs(np.diff(played[: at + 4000])).max() < steepest, "it clicks"
    assert heard.reports[-1]["stalls"] == 1


async def test_silence_in_the_sources_time_is_silence(blank: Page) -> None:
    first, second = pieces_of(tone(440, 0.1)), pieces_of(tone(440, 0.1))
    second[0]["sound"]["silence"] = PIECE
    sound = [*first, *second, steering(0.22), {"ends": True}]
    (played,) = (await render(blank, sound)).planes
    assert not played[4800 : 4800 + PIECE].any()
    assert np.array_equal(played[4800 + PIECE :][:4000], tone(440, 0.1)[:4000])


async def test_what_comes_faster_than_it_is_heard_is_left_out_at_its_oldest(blank: Page) -> None:
    made = np.arange(6 * RATE_HZ, dtype=np.float32)
    heard = await render(blank, [*pieces_of(made), steering(5)])
    assert not heard.planes[0].any(), "it holds no five seconds"
    heard = await render(blank, [*pieces_of(made), steering(3), {"ends": True}])
    played = heard.planes[0][FADE:10_000]
    assert np.array_equal(np.diff(played), np.ones(len(played) - 1))
    assert played[0] == pytest.approx(2 * RATE_HZ, abs=2 * FADE)


async def test_it_tells_where_in_the_sources_time_it_is(blank: Page) -> None:
    sound = [*pieces_of(tone(440, 0.9), from_s=30), steering(0.9)]
    reports = (await render(blank, sound)).reports
    sounding = [report for report in reports if report["isSounding"]]
    assert len(sounding) >= 8
    for report in sounding:
        assert report["position_s"] - report["at_s"] == pytest.approx(30, abs=0.004)
