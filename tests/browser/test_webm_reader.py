"""The page's own WebM reader, held to what real recorders write and to ffmpeg."""

from __future__ import annotations

import asyncio
import base64
import random
from typing import TYPE_CHECKING, Any

import pytest

from ffmpeg_probe import RECORDINGS, packets, payloads
from generators.webm import el, open_el, uint

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

READ = """async (pieces) => {
  const { WebmReader } = await import("/static/webm-reader.js");
  const reader = new WebmReader();
  const packets = [];
  try {
    for (const piece of pieces) packets.push(...reader.push(Uint8Array.fromBase64(piece)));
  } catch (error) {
    return { error: error.constructor.name, message: error.message };
  }
  return packets.map(({ data, time_us }) => [data.toBase64(), time_us]);
}"""
MUTATE = """async ([whole, seed]) => {
  const { WebmReader } = await import("/static/webm-reader.js");
  let state = seed;
  const dice = (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
  const original = Uint8Array.fromBase64(whole).subarray(0, 20_000);
  const errors = new Set();
  for (let round = 0; round < 300; round++) {
    const bytes = original.slice();
    for (let i = dice(8); i >= 0; i--) bytes[dice(round % 2 ? 600 : bytes.length)] = dice(256);
    const reader = new WebmReader();
    try {
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + dice(3000);
        for (const { data } of reader.push(bytes.slice(at, end))) data.at(0);
        at = end;
      }
    } catch (error) {
      errors.add(error.constructor.name);
    }
  }
  return [...errors];
}"""
WEBMS = [path for path in RECORDINGS if path.suffix == ".webm"]
OPUS = el("86", b"A_OPUS") + el("63A2", b"OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0")
BLOCK = b"\x81\0\0\x80\xf8\xff\xfe"


async def _read(page: Page, *pieces: bytes) -> Any:  # noqa: ANN401 - packets, or an error
    return await page.evaluate(READ, [base64.b64encode(piece).decode() for piece in pieces])


def _cut(data: bytes, seed: int) -> list[bytes]:
    """Return the bytes in pieces such as a network makes, some of them a byte long."""
    dice = random.Random(seed)
    pieces = []
    while data:
        size = dice.choice([1, 2, 7, 100, 1500, 20_000])
        pieces.append(data[:size])
        data = data[size:]
    return pieces


@pytest.mark.parametrize("path", WEBMS, ids=lambda path: path.name)
async def test_each_packet_of_a_recorder_is_read_however_it_comes(blank: Page, path: Path) -> None:
    data = await asyncio.to_thread(path.read_bytes)
    read = await _read(blank, data)
    assert [base64.b64decode(packet) for packet, _ in read] == payloads(path)
    first_ms = round(read[0][1] / 1000)
    told = packets(path)
    assert [round(us / 1000) - first_ms for _, us in read] == [p.time - told[0].time for p in told]
    for seed in range(3):
        assert await _read(blank, *_cut(data, seed)) == read


async def test_damage_ends_in_a_word_and_never_in_a_loop(blank: Page) -> None:
    whole = base64.b64encode(await asyncio.to_thread(WEBMS[0].read_bytes)).decode()
    for seed in range(3):
        assert set(await blank.evaluate(MUTATE, [whole, seed])) <= {"Unreadable"}


@pytest.mark.parametrize(
    ("tracks", "block", "message"),
    [
        pytest.param(el("AE", OPUS) * 2, BLOCK, "several tracks", id="several tracks"),
        pytest.param(el("AE", el("86", b"A_VORBIS")), BLOCK, "A_VORBIS", id="another codec"),
        pytest.param(el("AE", el("86", b"A_OPUS")), BLOCK, "no head", id="no head"),
        pytest.param(el("AE", OPUS), b"\x81\0\0\x82\x01\xf8\xf8", "laced packets", id="lacing"),
        pytest.param(el("AE", OPUS), b"\x81\0", "half a block", id="half a block"),
    ],
)
async def test_what_it_does_not_read_it_says_so_of(
    blank: Page, tracks: bytes, block: bytes, message: str
) -> None:
    cluster = open_el("1F43B675", el("E7", uint(0)), el("A3", block))
    file = open_el("18538067", el("1654AE6B", tracks), cluster)
    assert await _read(blank, file) == {"error": "Unreadable", "message": message}
