"""What a browser keeps of a recording, when its storage is short or goes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEPT = """
const { ChunkStore } = await import("/static/chunk-store.js");
const { StoredQueue } = await import("/static/stored-queue.js");
const store = await ChunkStore.open();
const key = crypto.randomUUID();
const started_at = new Date();
const troubles = [];
const recording = { key, id: null, station: "", title: "", filetype: "", started_at, acknowledged: 0 };
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


async def test_when_all_has_arrived_all_but_the_beginning_makes_room(blank: Page) -> None:
    made, left, again, start, next_byte, then_left = await blank.evaluate(ALL_ARRIVED)
    assert (made, left, again) == (True, [0], False)
    assert (start, next_byte, then_left) == (600, 4, [0, 600])


async def test_what_was_stored_before_storage_was_full_makes_room_once_all_has_arrived(
    blank: Page,
) -> None:
    assert await blank.evaluate(ARRIVED_AFTER_IT_WAS_FULL) == [True, [0]]
