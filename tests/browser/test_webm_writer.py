"""The page's own WebM writer, held to the server's splitter and to ffmpeg."""

from __future__ import annotations

import base64
import random
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.media.ffmpeg import FfmpegMedia
from audio_stream.domain.containers.webm import WebmSplitter
from browser.signals import decode
from ffmpeg_probe import FFMPEGS, packets, payloads, told_duration_s

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page

pytestmark = pytest.mark.asyncio(loop_scope="session")

SILENCE = b"\xf8\xff\xfe"
"""20 ms of Opus (RFC 6716 §3.1)."""
PRE_SKIP = 312
PADDING = 648
"""So many samples of the last packet are no sound."""
OPUS_HEAD = "T3B1c0hlYWQBATgBgLsAAAAAAA=="
WRITE = """async ({ head, packets, padding_ns }) => {
  const { WebmWriter } = await import("/static/webm-writer.js");
  const writer = new WebmWriter(Uint8Array.fromBase64(head));
  const bytes = packets.map(([packet]) => Uint8Array.fromBase64(packet));
  const made = packets.map(([, time_us], at) => at === packets.length - 1 && padding_ns !== null
    ? writer.lastPacket(bytes[at], time_us, padding_ns)
    : writer.packet(bytes[at], time_us));
  return [writer.head(), ...made].map((piece) => piece.toBase64());
}"""
HEAD = """async ([description, input]) => {
  const { opusHead } = await import("/static/opus-head.js");
  return opusHead(description && Uint8Array.fromBase64(description), input).toBase64();
}"""


async def _page(visitor: BrowserContext) -> Page:
    page = await visitor.new_page()
    await page.goto("/no-such-page")
    return page


async def _write(
    page: Page, packets: list[tuple[bytes, int]], padding_ns: int | None = None
) -> list[bytes]:
    """Return the file's beginning, and then what each packet adds to it."""
    packed = [(base64.b64encode(packet).decode(), time_us) for packet, time_us in packets]
    wanted = {"head": OPUS_HEAD, "packets": packed, "padding_ns": padding_ns}
    return [base64.b64decode(piece) for piece in await page.evaluate(WRITE, wanted)]


def _any_packets(dice: random.Random) -> list[tuple[bytes, int]]:
    """Return packets of any size, after pauses of any length, some of them before their time."""
    steps_us = dice.choices([20_000, 19_999, 20_001, -60_000, 4_999_000, 33_000_000], k=80)
    sizes = dice.choices([1, 3, 120, 121, 122, 123, 300, 16_000, 17_000], k=80)
    times = accumulate(steps_us, initial=0)
    return [(dice.randbytes(size), max(0, us)) for size, us in zip(sizes, times, strict=False)]


async def test_the_splitter_finds_each_packet_at_its_time_as_soon_as_it_is_written(
    visitor: BrowserContext,
) -> None:
    page = await _page(visitor)
    for seed in range(10):
        made = _any_packets(random.Random(seed))
        head, *pieces = await _write(page, made)
        splitter = WebmSplitter()
        assert splitter.feed(0, head) == []
        assert splitter.media_type == "audio/webm;codecs=opus"
        latest_ms = list(accumulate(((us + 500) // 1000 for _, us in made), max))
        for piece, (packet, _), time_ms in zip(pieces, made, latest_ms, strict=True):
            (segment,) = splitter.feed(splitter.offset, piece)
            assert segment.data.endswith(packet), f"seed {seed}"
            assert round(segment.time_s * 1000) == time_ms, f"seed {seed}"


@pytest.mark.parametrize("ffmpeg", FFMPEGS, ids=lambda path: path.name)
async def test_its_track_has_every_packet_and_the_length_of_its_sound(
    visitor: BrowserContext, tmp_path: Path, ffmpeg: Path
) -> None:
    count = 1500  # through several clusters
    padding_ns = PADDING * 1_000_000_000 // 48_000
    made = [(SILENCE, n * 20_000) for n in range(count)]
    source, track = tmp_path / "source.webm", tmp_path / "track.webm"
    source.write_bytes(b"".join(await _write(await _page(visitor), made, padding_ns)))
    await FfmpegMedia(ffmpeg).finalise(source, track)
    assert payloads(track) == [SILENCE] * count
    times = [packet.time for packet in packets(track)]
    assert [time - times[0] for time in times] == [20 * n for n in range(count)]
    assert told_duration_s(track) == pytest.approx(count * 0.02, abs=0.02)
    assert len(decode(track)) == count * 960 - PRE_SKIP - PADDING


async def test_the_encoders_word_about_its_stream_is_kept(visitor: BrowserContext) -> None:
    page = await _page(visitor)
    told = base64.b64encode(b"OpusHead\x01\x02\x78\x00\x44\xac\0\0\0\0\0").decode()
    assert await page.evaluate(HEAD, [told, {"channels": 1, "rate_hz": 48_000}]) == told


@pytest.mark.parametrize("silence", [None, "", "bm9uc2Vuc2U="])
async def test_an_encoder_that_tells_nothing_is_taken_for_libopus(
    visitor: BrowserContext, silence: str | None
) -> None:
    page = await _page(visitor)
    made = await page.evaluate(HEAD, [silence, {"channels": 1, "rate_hz": 48_000}])
    assert made == OPUS_HEAD
