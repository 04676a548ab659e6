"""What Media Source makes of bytes that come in any pieces."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.containers.sniffing import Container, new_splitter

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

RECORDING = Path(__file__).parents[1] / "samples" / "chromium-1000ms.webm"
FEED = """async ([text, cuts]) => {
  const { LiveBuffer } = await import("/static/live-buffer.js");
  const { TargetDelay } = await import("/static/live-target.js");
  const bytes = Uint8Array.fromBase64(text);
  const errors = [];
  const hear = (event) => errors.push(event.message);
  addEventListener("error", hear);
  const buffers = [];
  const add = MediaSource.prototype.addSourceBuffer;
  MediaSource.prototype.addSourceBuffer = function (type) {
    buffers.push(add.call(this, type));
    return buffers.at(-1);
  };
  const sound = new LiveBuffer(new Audio(), new TargetDelay(), () => {});
  await sound.open("audio/webm;codecs=opus");
  const [buffer] = buffers;
  const modes = [];
  let from = 0;
  for (const cut of [...cuts, 1]) {
    const updated = new Promise((resolve) => buffer.addEventListener("updateend", resolve));
    const to = Math.round(cut * bytes.length);
    sound.push(bytes.slice(from, to));
    from = to;
    await updated;
    modes.push(buffer.mode);
  }
  const end_s = buffer.buffered.end(0);
  sound.close();
  MediaSource.prototype.addSourceBuffer = add;
  removeEventListener("error", hear);
  return { errors, modes, end_s };
}"""


async def test_a_piece_may_end_in_the_middle_of_a_segment(blank: Page) -> None:
    splitter = new_splitter(Container.WEBM)
    segments = splitter.feed(0, RECORDING.read_bytes())
    live = (splitter.initialization or b"") + b"".join(segment.data for segment in segments)
    sound = base64.b64encode(live).decode()
    cut = await blank.evaluate(FEED, [sound, [n / 40 for n in range(1, 40)]])
    whole = await blank.evaluate(FEED, [sound, []])
    assert cut["errors"] == []
    assert set(cut["modes"]) == {"sequence", "segments"}
    assert cut["modes"][-1] == "segments", "a gap is to stay a gap"
    assert cut["end_s"] == pytest.approx(whole["end_s"], abs=0.001)
