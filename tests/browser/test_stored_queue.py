"""What a browser keeps of a recording, when its storage is short or goes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEPT = """
const { ChunkStore } = await import("/static/chunk-store.js");
const { StoredQueue } = await import("/static/stored-queue.js");
const store = await ChunkStore.open();
const key = crypto.randomUUID();
const named = { station: "", title: "", filetype: "" };
const recording = { ...named, key, id: null, started_at: new Date(), acknowledged: 0 };
const troubles = [];
const queue = new StoredQueue(store, recording, (error) => troubles.push(error?.name ?? null));
let recorded_s = 0;
const record = (seconds) => {
  recorded_s += seconds;
  queue.push(new Uint8Array(200).fill(queue.end / 200), recorded_s);
};
const places = async () => (await store.places(key)).map(({ start }) => start);
const put = IDBObjectStore.prototype.put;
const fill = () => {
  IDBObjectStore.prototype.put = () => { throw new DOMException("", "QuotaExceededError"); };
};
const empty = () => { IDBObjectStore.prototype.put = put; };
"""


def _with_queue(act: str) -> str:
    """Return the script of a page that has a queue, and does this with it."""
    return f"async () => {{ {KEPT} try {{ {act} }} finally {{ empty(); await queue.remove(); }} }}"


ALL_ARRIVED = _with_queue("""
  for (let i = 0; i < 3; i++) record(1);
  await queue.flush();
  record(0.01);
  queue.release(queue.end);
  const made = [await queue.makeRoom(), await places(), await queue.makeRoom()];
  record(1);
  await queue.flush();
  return [...made, queue.start, [...await queue.read(800, 200)][0], await places()];
""")

ARRIVED_AFTER_IT_WAS_FULL = _with_queue("""
  for (let i = 0; i < 3; i++) record(1);
  await queue.flush();
  fill();
  record(1);
  await queue.flush();
  record(1);
  await queue.flush();
  queue.release(queue.end);
  return [await queue.makeRoom(), await places()];
""")

CLEARED = _with_queue("""
  record(1);
  await queue.flush();
  const loaded = await StoredQueue.load(store, recording);
  await window.clearStorage();
  for (let i = 0; i < 3; i++) record(1);
  do {  // until the page hears that its connection was closed, as with pieces that come later
    await queue.flush();
    await new Promise((resolve) => setTimeout(resolve, 0));
  } while (!queue.isKeeping);
  const gone = await loaded.read(0, 1000).catch((error) => error.constructor.name);
  return [troubles, await places(), gone];
""")

UNREADABLE = _with_queue("""
  record(1);
  await queue.flush();
  const loaded = await StoredQueue.load(store, recording);
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = () => { throw new DOMException("", "InvalidStateError"); };
  const { Uploader } = await import("/static/uploader.js");
  const server = {
    readOffset: async () => ({ offset: 0, length: null }),
    appendChunk: async ({ body }) => ({ offset: body.length, kept: body.length }),
  };
  const told = [];
  const uploader = new Uploader({ queue: loaded, metadata: {}, id: "the-id", server,
    onProgress: ({ trouble }) => {
      if (trouble !== told.at(-1)) told.push(trouble);
      if (trouble) IDBDatabase.prototype.transaction = transaction;
    } });
  const impatience = setInterval(() => uploader.wake(), 0);
  uploader.finish();
  await uploader.run().finally(() => { IDBDatabase.prototype.transaction = transaction; });
  clearInterval(impatience);
  return told;
""")


async def test_when_all_has_arrived_all_but_the_beginning_makes_room(blank: Page) -> None:
    made, left, again, start, next_byte, then_left = await blank.evaluate(ALL_ARRIVED)
    assert (made, left, again) == (True, [0], False)
    assert (start, next_byte, then_left) == (600, 4, [0, 600])


async def test_what_was_stored_before_storage_was_full_makes_room_once_all_has_arrived(
    blank: Page,
) -> None:
    assert await blank.evaluate(ARRIVED_AFTER_IT_WAS_FULL) == [True, [0]]


async def test_where_somebody_clears_what_is_kept_new_sound_is_kept_and_old_sound_is_gone(
    visitor: BrowserContext,
) -> None:
    page = await visitor.new_page()
    browser = await visitor.new_cdp_session(page)

    async def clear() -> None:
        storage = {"origin": await page.evaluate("origin"), "storageTypes": "indexeddb"}
        await browser.send("Storage.clearDataForOrigin", storage)

    await page.expose_function("clearStorage", clear)
    await page.goto("/no-such-page")
    troubles, places, gone = await page.evaluate(CLEARED)
    assert places == [200, 400, 600]
    assert gone == "PieceGone"
    assert troubles[-1:] in ([], [None]), "and storage is said to work"


async def test_what_cannot_be_read_now_is_trouble_and_is_read_later(blank: Page) -> None:
    told = ["This browser cannot read what it keeps of the recording.", None]
    assert await blank.evaluate(UNREADABLE) == [None, *told]
