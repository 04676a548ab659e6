"""The pages' core without its pages: the uploader against a server that fails."""

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
  let synced = 0;
  let end = null;
  let busy = 0;
  const server = {
    async createRecording() {
      if (dice(3) === 0) throw new Unreachable("no way");
      return "the-id";
    },
    async readOffset() {
      if (dice(4) === 0) throw new Unreachable("no way");
      synced = kept.length;
      return { offset: kept.length, length: end };
    },
    async appendChunk({ offset, body, length }) {
      if (++busy > 1) throw new TypeError("two at once");
      const bytes = new Uint8Array(body ?? 0);
      await null;
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
      if (length !== undefined || dice(2)) synced = kept.length;
      const answer = { offset: kept.length, kept: synced };
      if (fault === 4) kept.length = synced;  // and the power is gone, and is back
      return answer;
    },
  };
  const uploader = new Uploader({ queue: new MemoryQueue(), metadata: {}, server });
  const impatience = setInterval(() => uploader.wake(), 0);
  const done = uploader.run();
  const made = [];
  for (let i = 0; i < 30; i++) {
    const bytes = Uint8Array.from({ length: 1 + dice(50) }, () => dice(256));
    made.push(...bytes);
    uploader.push(bytes, i / 10);
    if (dice(2)) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  uploader.finish();
  await done;
  clearInterval(impatience);
  return [end === made.length, kept.join() === made.join()];
}"""

BROKEN_DISK = """async () => {
  const { Uploader } = await import("/static/uploader.js");
  const { MemoryQueue } = await import("/static/chunk-queue.js");
  const { Problem } = await import("/static/api.js");
  let created = 0;
  const server = {
    createRecording: async () => `id-${++created}`,
    readOffset: async () => ({ offset: 0, length: null }),
    appendChunk: async () => { throw new Problem(410, { detail: "the disk failed" }); },
  };
  const uploader = new Uploader({ queue: new MemoryQueue(), metadata: {}, server });
  const impatience = setInterval(() => uploader.wake(), 0);
  const done = uploader.run();
  uploader.push(new Uint8Array(3), 1);
  uploader.finish();
  const error = await done.catch((error) => error);
  clearInterval(impatience);
  return [error.status, created];
}"""

UNLOAD = """async (arrives) => {
  const { Uploader } = await import("/static/uploader.js");
  const { MemoryQueue } = await import("/static/chunk-queue.js");
  const { Problem } = await import("/static/api.js");
  const text = (text) => new TextEncoder().encode(text);
  let size = 0;
  let end = null;
  let answer;
  let lastOnes = 0;
  const append = (offset, body) => {
    if (offset !== size) throw new Problem(409, {});
    size += body?.length ?? 0;
  };
  const server = {
    createRecording: async () => "the-id",
    async appendChunk({ offset, body, length, keepalive }) {
      if (!keepalive) {
        if (arrives === "before them") append(offset, body);
        return new Promise((resolve) => { answer = resolve; });  // and the page goes away
      }
      if (++lastOnes === 2 && arrives === "between them" && size === 0) {
        append(0, text("in flight"));
      }
      append(offset, body);
      if (size === length) end = length;
      return { offset: size, kept: size };
    },
  };
  const uploader = new Uploader({ queue: new MemoryQueue(), metadata: {}, server });
  uploader.run();
  uploader.push(text("in flight"), 0.1);
  while (!answer) await new Promise((resolve) => setTimeout(resolve, 0));
  uploader.push(text(", not yet sent"), 0.2);
  uploader.finishOnUnload();
  await new Promise((resolve) => setTimeout(resolve, 0));
  return end;
}"""

PACE = """async () => {
  const { Uploader } = await import("/static/uploader.js");
  const { MemoryQueue } = await import("/static/chunk-queue.js");
  window.setTimeout = () => 0;  // as good as in a hidden page
  const { port1, port2 } = new MessageChannel();
  const aMoment = () => new Promise((resolve) => {
    port2.onmessage = resolve;
    port1.postMessage(null);
  });
  const sizes = [];
  let answer = (offset) => offset;
  const server = {
    createRecording: async () => "the-id",
    appendChunk: async ({ offset, body }) => {
      sizes.push(body?.length ?? 0);
      const end = await answer(offset + sizes.at(-1));
      return { offset: end, kept: end };
    },
  };
  const uploader = new Uploader({ queue: new MemoryQueue(), metadata: {}, server });
  const done = uploader.run();
  await aMoment();
  const record = async (from, to) => {
    for (let packet = from; packet <= to; packet++) {
      uploader.push(new Uint8Array(1), packet / 50);
      await aMoment();
    }
  };
  await record(1, 5);
  let answerLate;
  answer = (offset) => new Promise((resolve) => { answerLate = () => resolve(offset); });
  await record(6, 12);
  answer = (offset) => offset;
  answerLate();
  await aMoment();
  await record(13, 15);
  uploader.finish();
  await done;
  return sizes;
}"""


async def test_the_uploader_every_byte_once_whatever_fails(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    for seed in range(60):
        assert await page.evaluate(UPLOAD, seed) == [True, True], f"seed {seed}"


async def test_a_server_that_keeps_nothing_is_not_asked_to_begin_anew_for_ever(
    visitor: BrowserContext,
) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    assert await page.evaluate(BROKEN_DISK) == [410, 2]


async def test_without_any_timer_each_request_has_the_sound_of_40_ms_or_of_its_answers_time(
    visitor: BrowserContext,
) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    assert await page.evaluate(PACE) == [1, 2, 2, 2, 5, 2, 1]


@pytest.mark.parametrize("arrives", ["before them", "between them", "never"])
async def test_a_closing_page_ends_the_recording_whenever_its_last_request_arrives(
    visitor: BrowserContext, arrives: str
) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    assert await page.evaluate(UNLOAD, arrives) == len("in flight, not yet sent")
