"""The pages' core without its pages: the uploader against a server that fails, the steering."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

pytestmark = pytest.mark.asyncio(loop_scope="session")

UPLOAD = """async (seed) => {
  const { Uploader } = await import("/static/uploader.js");
  const { MemoryQueue } = await import("/static/chunk-queue.js");
  const { Problem, Unreachable } = await import("/static/api.js");
  let state = seed;
  const dice = (sides) => {  // the same for the same seed
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
  const kept = [];
  let end = null;
  let busy = 0;
  const server = {
    async createRecording() {
      if (dice(3) === 0) throw new Unreachable("no way");
      return "the-id";
    },
    async readOffset() {
      if (dice(4) === 0) throw new Unreachable("no way");
      return { offset: kept.length, length: end };
    },
    async appendChunk({ offset, body, length }) {
      if (++busy > 1) throw new TypeError("two at once");
      const bytes = new Uint8Array(body ? await body.arrayBuffer() : 0);
      busy--;
      if (offset !== kept.length) throw new Problem(409, { detail: "wrong offset" });
      const fault = dice(8);
      if (fault === 0) throw new Unreachable("lost on the way there");
      if (fault === 1) throw new Problem(503, { detail: "later" });
      const arrived = fault === 2 ? bytes.subarray(0, dice(bytes.length + 1)) : bytes;
      kept.push(...arrived);
      if (length !== undefined && kept.length === length) end = length;
      if (fault === 2) throw new Unreachable("cut in the middle");
      if (fault === 3) throw new Unreachable("lost on the way back");
      return kept.length;
    },
  };
  const uploader = new Uploader({ queue: new MemoryQueue(), metadata: {}, server });
  const impatience = setInterval(() => uploader.wake(), 0);
  const done = uploader.run();
  const made = [];
  for (let i = 0; i < 30; i++) {
    const bytes = Uint8Array.from({ length: 1 + dice(50) }, () => dice(256));
    made.push(...bytes);
    uploader.push(new Blob([bytes]), i / 10);
    if (dice(2)) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  uploader.finish();
  const finished = await done;
  clearInterval(impatience);
  return [finished, end === made.length, kept.join() === made.join()];
}"""

UNLOAD = """async (arrives) => {
  const { Uploader } = await import("/static/uploader.js");
  const { MemoryQueue } = await import("/static/chunk-queue.js");
  const { Problem } = await import("/static/api.js");
  let size = 0;
  let end = null;
  let answer;
  const server = {
    createRecording: async () => "the-id",
    async appendChunk({ offset, body, length, keepalive }) {
      if (!keepalive) {
        if (arrives) size += body.size;
        return new Promise((resolve) => { answer = resolve; });  // and the page goes away
      }
      if (offset !== size) throw new Problem(409, {});
      size += body?.size ?? 0;
      if (size === length) end = length;
      return size;
    },
  };
  const uploader = new Uploader({ queue: new MemoryQueue(), metadata: {}, server });
  uploader.run();
  uploader.push(new Blob(["in flight"]), 0.1);
  while (!answer) await new Promise((resolve) => setTimeout(resolve, 0));
  uploader.push(new Blob([", not yet sent"]), 0.2);
  uploader.finishOnUnload();
  await new Promise((resolve) => setTimeout(resolve, 0));
  return end;
}"""

STEER = """async (player) => {
  const { steer } = await import("/static/live-steering.js");
  return steer(player);
}"""


async def test_the_uploader_brings_every_byte_once_whatever_fails(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    for seed in range(60):
        assert await page.evaluate(UPLOAD, seed) == [True, True, True], f"seed {seed}"


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_closing_page_ends_the_recording_whether_or_not_its_last_request_arrived(
    visitor: BrowserContext, *, arrives: bool
) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    assert await page.evaluate(UNLOAD, arrives) == len("in flight, not yet sent")


@pytest.mark.parametrize(
    ("ranges", "now_s", "expected"),
    [
        pytest.param([], 0, None, id="nothing buffered: wait"),
        pytest.param([[40.0, 40.1]], 0, None, id="too little to begin with: wait"),
        pytest.param([[40.0, 40.5]], 0, {"jumpTo_s": 40.25}, id="enough: begin at the target"),
        pytest.param([[40.0, 41.0]], 40.75, {"rate": 1}, id="at the target: leave it"),
        pytest.param([[40.0, 41.0]], 40.2, {"rate": 1.03}, id="behind: hurry, within 3 %"),
        pytest.param([[40.0, 41.0]], 40.99, {"rate": 0.97}, id="too close: linger, within 3 %"),
        pytest.param([[40.0, 42.0]], 40.4, {"jumpTo_s": 41.75}, id="far behind: jump"),
        pytest.param([[40.0, 41.0], [41.2, 41.5]], 40.98, {"jumpTo_s": 41.2}, id="a gap: over it"),
    ],
)
async def test_the_player_is_steered_to_its_target(
    visitor: BrowserContext,
    ranges: list[list[float]],
    now_s: float,
    expected: dict[str, float] | None,
) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    behind_s = ranges[-1][1] - now_s if ranges else 0
    player = {"ranges": ranges, "now_s": now_s, "behind_s": behind_s}
    assert await page.evaluate(STEER, player) == expected
