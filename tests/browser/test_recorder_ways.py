"""What records: the page's own recorder, and the browser's where that cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.async_api import expect

from browser.conftest import elapsed_s, go_on_air, record_until, stop
from browser.recording import fetch_track, hurry
from browser.signals import decode, duration_s
from ffmpeg_probe import packets, told

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import BrowserContext, Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

WATCH = """
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await open(wanted);
  [window.track] = stream.getAudioTracks();
  return stream;
};
window.AudioEncoder = class extends AudioEncoder {
  constructor(on) { super(on); window.encoder = { fail: on.error }; }
  configure(config) { Object.assign(window.encoder, config); super.configure(config); }
};
window.MediaRecorder = class extends MediaRecorder {
  constructor(...options) { super(...options); window.fallback = this; }
};"""
TREATED = """() => {
  const { echoCancellation, noiseSuppression, autoGainControl } = window.track.getSettings();
  const { numberOfChannels, bitrate } = window.encoder;
  return [numberOfChannels, bitrate, echoCancellation, noiseSuppression, autoGainControl];
}"""
UNPLUG = "() => { window.track.stop(); window.track.dispatchEvent(new Event('ended')); }"
OTHER_RATE = """
const Processor = MediaStreamTrackProcessor;
let processors = 0;
window.rates = new Set();
window.MediaStreamTrackProcessor = class {
  constructor(options) {
    const { readable } = new Processor(options);
    const isFirst = processors++ === 0;
    this.readable = readable.pipeThrough(new TransformStream({
      transform(sound, controller) {
        const { format, numberOfFrames, numberOfChannels, timestamp } = sound;
        const sampleRate = isFirst ? sound.sampleRate : sound.sampleRate === 48000 ? 44100 : 48000;
        const sizes = Array.from({ length: numberOfChannels }, (_, planeIndex) =>
          sound.allocationSize({ planeIndex }));
        const data = new Uint8Array(sizes.reduce((sum, size) => sum + size));
        sizes.reduce((at, size, planeIndex) => {
          sound.copyTo(data.subarray(at), { planeIndex });
          return at + size;
        }, 0);
        sound.close();
        window.rates.add(sampleRate);
        controller.enqueue(new AudioData(
          { format, numberOfFrames, numberOfChannels, timestamp, sampleRate, data }));
      },
    }));
  }
};"""
STUCK = "window.MediaStreamTrackProcessor = class { readable = new ReadableStream(); };"
DEAF = "AudioWorkletNode = class extends AudioWorkletNode { get port() { return {}; } };"
LATE = """
const Processor = MediaStreamTrackProcessor;
window.MediaStreamTrackProcessor = class {
  constructor(options) {
    window.given = 0;
    this.readable = new Processor(options).readable.pipeThrough(new TransformStream({
      transform(sound, controller) {
        window.given++;
        controller.enqueue(sound);
      },
    }));
  }
};
const addModule = AudioWorklet.prototype.addModule;
AudioWorklet.prototype.addModule = async function (url) {
  await new Promise((resolve) => setTimeout(resolve, 1500));
  return addModule.call(this, url);
};
"""
NO_WEBM = """
delete window.AudioEncoder;
const isSupported = MediaRecorder.isTypeSupported;
MediaRecorder.isTypeSupported = (type) => !type.includes("webm") && isSupported(type);
"""
HURRY = ("HEARD_WITHIN_MS = 5000;", "HEARD_WITHIN_MS = 500;")
FAULTS = {
    "not-there": "delete window.AudioEncoder;",
    "not-opus": "AudioEncoder.isConfigSupported = async () => ({ supported: false });",
    "broken": "AudioEncoder.prototype.configure = () => { throw new Error('broken'); };",
    "silent": "AudioEncoder.prototype.encode = () => {};",
    "deaf": f"{STUCK} {DEAF}",
}


async def _type_on_air(page: Page, station: str) -> str:
    """Return what the station's listeners are told that they get."""
    stations = (await (await page.request.get("/api/stations")).json())["stations"]
    mime_type: str = next(each["mime_type"] for each in stations if each["station"] == station)
    return mime_type


@pytest.mark.parametrize("swap", ["", OTHER_RATE], ids=["same-rate", "other-rate"])
async def test_a_voice_is_mono_in_packets_of_20_ms_whatever_happens_to_the_microphone(
    visitor: BrowserContext, tmp_path: Path, swap: str
) -> None:
    studio = await visitor.new_page()
    await studio.add_init_script(WATCH + swap)
    await studio.goto(f"/record?station=voice{'-swapped' * bool(swap)}&sound=voice")
    await studio.get_by_role("button", name="Record", exact=True).click()
    await record_until(studio, 1)
    assert await studio.evaluate(TREATED) == [1, 48_000, True, True, True]
    await studio.evaluate(UNPLUG)
    await record_until(studio, await elapsed_s(studio) + 1)  # silence takes its time as well
    alert = studio.get_by_role("alert")
    await alert.get_by_role("button", name="Go on with Fake Audio Input 2").click()
    await expect(alert).to_be_hidden()
    await record_until(studio, await elapsed_s(studio) + 1)
    track = await fetch_track(studio, await stop(studio), tmp_path)
    times = [packet.time for packet in packets(track)]
    assert [time - times[0] for time in times] == list(range(0, 20 * len(times), 20))
    assert duration_s(decode(track)) == pytest.approx(await elapsed_s(studio), abs=0.006)
    assert ", mono," in told(track)
    assert await studio.evaluate("window.rates?.size ?? 1") == (2 if swap else 1)


async def test_music_is_stereo_and_left_as_it_is(visitor: BrowserContext, tmp_path: Path) -> None:
    studio = await visitor.new_page()
    await studio.add_init_script(WATCH)
    await go_on_air(studio, station="music")
    assert await studio.evaluate(TREATED) == [2, 128_000, False, False, False]
    assert ", stereo," in told(await fetch_track(studio, await stop(studio), tmp_path))


async def test_where_the_device_itself_gives_nothing_the_graph_is_recorded(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    studio = await visitor.new_page()
    await studio.add_init_script(WATCH + STUCK)
    await go_on_air(studio, station="stuck")
    assert await studio.evaluate("encoder.codec") == "opus"
    await record_until(studio, 2)
    sound = decode(await fetch_track(studio, await stop(studio), tmp_path))
    assert np.abs(sound).max() > 0.1


@pytest.mark.parametrize("fault", FAULTS)
async def test_where_it_cannot_work_the_browsers_recorder_does(
    visitor: BrowserContext, fault: str
) -> None:
    studio = await visitor.new_page()
    await studio.add_init_script(f"{WATCH}{FAULTS[fault]}")
    await hurry(studio, "webcodecs-recorder.js", *HURRY)
    await go_on_air(studio, station=f"without-{fault}")
    mime_type = await studio.evaluate("fallback.mimeType")
    assert await _type_on_air(studio, f"without-{fault}") == mime_type
    await stop(studio)


async def test_what_begins_too_late_to_record_is_ended(visitor: BrowserContext) -> None:
    studio = await visitor.new_page()
    await studio.add_init_script(f"{WATCH}{LATE}")
    await hurry(studio, "webcodecs-recorder.js", *HURRY)
    await go_on_air(studio, station="late-worklet")
    await studio.wait_for_function("() => window.given !== undefined")
    await record_until(studio, await elapsed_s(studio) + 0.5)
    given = await studio.evaluate("given")
    await record_until(studio, await elapsed_s(studio) + 1)
    assert await studio.evaluate("given") == given
    await stop(studio)


async def test_where_that_writes_no_webm_it_is_mp4_and_called_so(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    studio = await visitor.new_page()
    await studio.add_init_script(WATCH + NO_WEBM)
    await go_on_air(studio, station="mp4")
    assert (await _type_on_air(studio, "mp4")).startswith("audio/mp4")
    await record_until(studio, 2)
    track = await fetch_track(studio, await stop(studio), tmp_path)
    assert "mov,mp4" in told(track)
    assert duration_s(decode(track)) == pytest.approx(await elapsed_s(studio), abs=0.3)


async def test_an_encoder_that_fails_ends_the_recording_with_all_that_was_recorded(
    visitor: BrowserContext, tmp_path: Path
) -> None:
    studio = await visitor.new_page()
    await studio.add_init_script(WATCH)
    await go_on_air(studio, station="failing")
    await record_until(studio, 1)
    await studio.evaluate("encoder.fail(new Error('It is broken.'))")
    await expect(studio.get_by_role("alert")).to_contain_text("It is broken.")
    track_id = await studio.locator("#finished").get_attribute("data-track-id") or ""
    track = await fetch_track(studio, track_id, tmp_path)
    assert duration_s(decode(track)) == pytest.approx(await elapsed_s(studio), abs=0.03)
