"""What the uploader makes of answers: those of the server, and of others in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

pytestmark = pytest.mark.asyncio(loop_scope="session")

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


FULL = """async () => {
  const { Uploader } = await import("/static/uploader.js");
  const { MemoryQueue } = await import("/static/chunk-queue.js");
  const { Problem } = await import("/static/api.js");
  let tries = 0;
  const server = {
    createRecording: async () => "the-id",
    readOffset: async () => ({ offset: 0, length: null }),
    async appendChunk({ body }) {
      if (++tries < 4) throw new Problem(507, { detail: "Full." });
      return { offset: body.length, kept: body.length };
    },
  };
  const told = [];
  const onProgress = ({ trouble }) => trouble !== told.at(-1) && told.push(trouble);
  const uploader = new Uploader({ queue: new MemoryQueue(), metadata: {}, server, onProgress });
  const impatience = setInterval(() => uploader.wake(), 0);
  uploader.push(new Uint8Array(3), 1);
  uploader.finish();
  await uploader.run();
  clearInterval(impatience);
  return told;
}"""

DAMAGED = """async () => {
  const { Uploader } = await import("/static/uploader.js");
  const { MemoryQueue } = await import("/static/chunk-queue.js");
  const { Unreadable } = await import("/static/upload-errors.js");
  const queue = new MemoryQueue();
  queue.read = () => Promise.reject(new Unreadable("damaged"));
  const server = { createRecording: async () => "the-id", readOffset: async () => ({ offset: 0 }) };
  const uploader = new Uploader({ queue, metadata: {}, server });
  const impatience = setInterval(() => uploader.wake(), 0);
  uploader.push(new Uint8Array(3), 1);
  const end = await uploader.run().catch((error) => error.message);
  clearInterval(impatience);
  return end;
}"""


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


async def test_trouble_lasts_until_something_has_been_sent(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    assert await page.evaluate(FULL) == [None, "Full.", None]


async def test_what_can_never_be_read_ends_the_upload(visitor: BrowserContext) -> None:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    assert "cannot read what it keeps" in await page.evaluate(DAMAGED)
