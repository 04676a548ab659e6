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

SIGN_IN = """async () => {
  const { Uploader } = await import("/static/uploader.js");
  const { MemoryQueue } = await import("/static/chunk-queue.js");
  const signIn = () => new Response("<h1>Sign in</h1>");
  const answer = (status, headers) => new Response(null, { status, headers });
  const answers = [
    signIn(),
    answer(201, { Location: "http://inside/api/recordings/the-id" }),
    signIn(),
    signIn(),
    answer(200, { "Upload-Offset": "0" }),
    answer(204, { "Upload-Offset": "3" }),
  ];
  const asked = [];
  globalThis.fetch = async (url, { method }) => {
    asked.push(`${method} ${url}`);
    return answers.shift();
  };
  const queue = new MemoryQueue();
  const kept = [];
  const troubles = new Set();
  const uploader = new Uploader({ queue, metadata: {}, onProgress: ({ trouble }) => {
    kept.push(queue.start === 0);
    if (trouble) troubles.add(trouble);
  } });
  const impatience = setInterval(() => answers.length && uploader.wake(), 0);
  uploader.push(new Uint8Array(3), 1);
  uploader.finish();
  await uploader.run();
  clearInterval(impatience);
  return [asked, kept.indexOf(false) === kept.length - 1, [...troubles].join()];
}"""

OFF_AIR = """async () => {
  const { Uploader } = await import("/static/uploader.js");
  const { MemoryQueue } = await import("/static/chunk-queue.js");
  const { Unreachable } = await import("/static/api.js");
  const answers = ["busy", null, "damaged", "gone"];  // the reason it is not on air, if so
  let recorded_s = 0;
  const asked_s = [];
  let isAway = false;
  const server = {
    createRecording: async () => "the-id",
    readOffset: async () => ({ offset: uploaded, length: null }),
    async readRecording() {
      asked_s.push(recorded_s);
      const reason = answers.shift() ?? null;
      if (reason === "gone") throw new Unreachable("no way");
      return { on_air: reason === null, off_air_reason: reason };
    },
    async appendChunk({ offset, body }) {
      if (isAway) throw new Unreachable("no way");
      uploaded = offset + (body?.length ?? 0);
      return { offset: uploaded, kept: uploaded };
    },
  };
  let uploaded = 0;
  const told = [];
  const onProgress = ({ off_air_reason }) => {
    if (off_air_reason !== told.at(-1)) told.push(off_air_reason);
  };
  const uploader = new Uploader({ queue: new MemoryQueue(), metadata: {}, server, onProgress });
  const done = uploader.run();
  const aMoment = () => new Promise((resolve) => setTimeout(resolve, 0));
  const record = async (until_s) => {
    while (recorded_s < until_s) {
      uploader.push(new Uint8Array(1), ++recorded_s);
      await aMoment();
    }
  };
  await record(16);
  isAway = true;
  await record(18);
  isAway = false;
  uploader.wake();
  await aMoment();
  await record(40);
  uploader.finish();
  await done;
  return [asked_s, told];
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


async def test_an_answer_of_somebody_else_in_the_servers_place_is_trouble_and_no_byte_is_let_go(
    visitor: BrowserContext,
) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    asked, was_kept, trouble = await page.evaluate(SIGN_IN)
    assert asked == [
        "POST /api/recordings",
        "POST /api/recordings",
        "PATCH /api/recordings/the-id",
        "HEAD /api/recordings/the-id",
        "HEAD /api/recordings/the-id",
        "PATCH /api/recordings/the-id",
    ]
    assert was_kept
    assert "sign in" in trouble


async def test_it_asks_whether_it_is_heard_now_and_then_and_again_after_each_absence(
    visitor: BrowserContext,
) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    asked_s, told = await page.evaluate(OFF_AIR)
    assert asked_s == [2, 4, 14, 16, 18, 28, 38]
    assert told == [None, "busy", None, "damaged", None]


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
