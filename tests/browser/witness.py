"""A witness inside the page: what sound the recorder was given, and which packets it handed over.

A starved computer's capture may skip inside Chromium, before any page hears of it. So a track is
compared with what this recorder was given and made, which no load can excuse it from keeping; and
an ear of the witness's own tells how much the capture skipped.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypedDict

import numpy as np

from browser.signals import decode, duration_s
from browser.sweep import FRAME_S, assert_same
from ffmpeg_probe import packets, payloads

if TYPE_CHECKING:
    from playwright.async_api import Page

_WEBM = bytes.fromhex("1A45DFA3")
_MILLISECOND_S = 0.001
_UNTOLD = 50
"""So many of the newest packets a page may take with it when it is killed: a second."""

TESTIFY = """
(() => {
  let packets = [];
  let sound = [];
  let rate_hz = 0;
  let given = 0;
  let telling = Promise.resolve();
  const told = (bytes) => new Uint8Array(bytes).toBase64();
  let skipped_s = 0;
  const listen = async (track) => {
    const ear = new MediaStreamTrackProcessor({ track, maxBufferSize: 10_000 });
    const reader = ear.readable.getReader();
    let [began_s, heard_s] = [null, 0];
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      began_s ??= value.timestamp / 1e6;
      skipped_s = Math.max(skipped_s, value.timestamp / 1e6 - began_s - heard_s);
      heard_s += value.numberOfFrames / value.sampleRate;
      value.close();
    }
  };
  const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (open) navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    listen(stream.getAudioTracks()[0].clone());
    return stream;
  };
  const testify = () => {
    const length = sound.reduce((sum, part) => sum + part.length, 0);
    const all = new Float32Array(length);
    sound.reduce((at, part) => { all.set(part, at); return at + part.length; }, 0);
    const samples = Int16Array.from(all, (value) => 32767 * value);
    const news = { packets, rate_hz, skipped_s, sound: told(samples.buffer) };
    [packets, sound] = [[], []];
    telling = telling.then(() => window.testimony(news));
    return telling;
  };
  window.testify = testify;
  const Encoder = window.AudioEncoder;
  if (Encoder) window.AudioEncoder = class extends Encoder {
    constructor({ output, ...on }) {
      super({ ...on, output: (packet, about) => {
        const bytes = new Uint8Array(packet.byteLength);
        packet.copyTo(bytes);
        packets.push([packet.timestamp / 1e6, told(bytes)]);
        if (packets.length >= 10) testify();
        output(packet, about);
      } });
    }
    encode(data) {
      const part = new Float32Array(data.numberOfFrames);
      data.copyTo(part, { planeIndex: 0, format: "f32-planar" });
      rate_hz = data.sampleRate / 3;  // which is enough for the sweep
      sound.push(part.filter(() => given++ % 3 === 0));
      super.encode(data);
    }
  };
  let blobs = Promise.resolve();
  const Fallback = window.MediaRecorder;
  window.MediaRecorder = class extends Fallback {
    constructor(...options) {
      super(...options);
      this.addEventListener("dataavailable", ({ data }) => {
        blobs = blobs
          .then(() => data.arrayBuffer())
          .then((bytes) => window.testimony({ file: told(bytes) }));
      });
    }
  };
  window.testifyAll = async () => { await testify(); await blobs; };
})();"""


class News(TypedDict, total=False):
    """What the page tells from time to time: bytes in base64."""

    packets: list[tuple[float, str]]
    file: str
    sound: str
    rate_hz: float
    skipped_s: float


@dataclass
class Witness:
    """What one page's recorder was given and made."""

    packets: list[bytes] = field(default_factory=list)
    """What a WebCodecs recorder handed over."""
    times_s: list[float] = field(default_factory=list)
    """When each of them begins."""
    file: bytearray = field(default_factory=bytearray)
    """What a MediaRecorder handed over, where that is the recorder."""
    sound: bytearray = field(default_factory=bytearray)
    """What a WebCodecs recorder was given: 16 bits, mono."""
    rate_hz: float = 0
    skipped_s: float = 0
    """At most so much did the browser not capture, or captured it later than it said."""

    @classmethod
    async def watch(cls, page: Page) -> Self:
        """Watch a page that is opened after this."""
        witness = cls()
        await page.expose_function("testimony", witness.hear)
        await page.add_init_script(TESTIFY)
        return witness

    def hear(self, news: News) -> None:
        """Write down what the page tells."""
        for time_s, packet in news.get("packets", []):
            self.times_s.append(time_s)
            self.packets.append(base64.b64decode(packet))
        self.file += base64.b64decode(news.get("file", ""))
        self.sound += base64.b64decode(news.get("sound", ""))
        self.rate_hz = news.get("rate_hz", 0) or self.rate_hz
        self.skipped_s = news.get("skipped_s", self.skipped_s)

    async def assert_delivered(self, page: Page, track: Path) -> None:
        """Check that the track of a page that is still there is all that its recorder made."""
        await page.evaluate("testifyAll()")
        handed, kept = self._handed(track), payloads(track)
        # The encoder may end with a packet that has none of the sound: it is left out.
        assert len(handed) - len(kept) in {0, 1}
        assert_in_order(kept, handed)
        heard_s, given_s = self._assert_same_sound(track)
        assert abs(heard_s - given_s) <= FRAME_S

    def assert_delivered_until_killed(self, track: Path) -> None:
        """Check the same where the page was killed: it may take its very newest packets along."""
        handed, kept = self._handed(track), payloads(track)
        assert abs(len(kept) - len(handed)) <= _UNTOLD
        assert_in_order(kept, handed)
        self._assert_same_sound(track)

    async def assert_delivered_but_for_a_hole(self, page: Page, track: Path) -> None:
        """Check that the track's beginning and its end are there, and nothing is out of order."""
        await page.evaluate("testifyAll()")
        handed, kept = self._handed(track, timed=False), payloads(track)
        handed = handed[: handed.index(kept[-1]) + 1]
        missing = len(handed) - len(kept)
        hole = next(at for at, packet in enumerate(kept) if packet != handed[at])
        assert_in_order(kept[hole:], handed[hole + missing :])

    def _handed(self, track: Path, *, timed: bool = True) -> list[bytes]:
        if not self.file:
            assert self.packets, "the witness saw no recorder"
            if timed:
                self._assert_same_times(track)
            return self.packets
        made = track.with_name("made")
        made.write_bytes(self.file)
        return payloads(made)

    def _assert_same_times(self, track: Path) -> None:
        if not track.read_bytes().startswith(_WEBM):
            return
        kept_s = [packet.time * _MILLISECOND_S for packet in packets(track)]
        for at, (kept, made) in enumerate(zip(kept_s, self.times_s, strict=False)):
            late_s = (kept - kept_s[0]) - (made - self.times_s[0])
            assert abs(late_s) <= FRAME_S / 4, f"packet {at} is {late_s:.3f} s late"

    def _assert_same_sound(self, track: Path) -> tuple[float, float]:
        if self.sound:
            samples = np.frombuffer(self.sound, dtype="<i2")
            given = samples.astype(np.float32) / np.float32(32767)
            heard = decode(track)
            assert_same(heard, given, rate_hz=self.rate_hz)
            return duration_s(heard), len(given) / self.rate_hz
        return 0, 0


def assert_in_order(kept: Sequence[bytes], handed: Sequence[bytes]) -> None:
    """Check that packets are those, each once and in their order, as far as both go."""
    for at, (one, other) in enumerate(zip(kept, handed, strict=False)):
        assert one == other, f"packet {at} of {len(handed)} is not the one that was handed over"
