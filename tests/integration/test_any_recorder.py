"""Every recorder's file, chunk by chunk as it was recorded: on air, heard, and kept whole."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, ClientTimeout

from ffmpeg_probe import (
    RECORDINGS,
    complaints,
    decode,
    decoded_s,
    packets,
    told_duration_s,
)
from integration.product import started
from served import CHUNK, TUS, metadata, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WEBKITS = {"webkit-aac.mp4": (9 * 43 + 39, 1024 / 44_100), "webkit-opus.mp4": (8 * 50 + 10, 0.02)}
"""How many packets, and how long each: WebKit's files are such that ffmpeg misreads them."""


@dataclass(frozen=True)
class Aired:
    """What came of one recorder's file."""

    sample: Path
    heard: Path
    """What a listener got who was there from the first sound on."""
    track: dict[str, Any]
    original: Path

    @cached_property
    def recorded_s(self) -> float:
        """How long the recorder recorded."""
        if self.sample.name in WEBKITS:
            count, packet_s = WEBKITS[self.sample.name]
            return count * packet_s
        return len(decode(self.sample, timed=True)) / 16_000


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = [sys.executable, "-m", "audio_stream", "--media-workers", "2", "--fsync", "off"]
    with started(command, tmp_path_factory.mktemp("product")) as address:
        yield address


@pytest.fixture(scope="module", params=RECORDINGS, ids=lambda path: path.name)
def aired(
    request: pytest.FixtureRequest, address: str, tmp_path_factory: pytest.TempPathFactory
) -> Aired:
    sample: Path = request.param
    folder = tmp_path_factory.mktemp("aired")
    track, heard, original = asyncio.run(_air(address, sample))
    (folder / "heard").write_bytes(heard)
    (folder / "original").write_bytes(original)
    return Aired(sample, folder / "heard", track, folder / "original")


async def _air(address: str, sample: Path) -> tuple[dict[str, Any], bytes, bytes]:
    """Return the track, what was heard live, and the track's original."""
    async with ClientSession(address, timeout=ClientTimeout(sock_read=60)) as http:
        how = TUS | {"Upload-Defer-Length": "1"} | metadata(station=sample.stem)
        async with http.post("/api/recordings", headers=how) as response:
            path = path_of(response)
        async with http.get("/api/events") as news:
            heard = await _replay(http, path, sample)
            track_id = path.rsplit("/", 1)[1]
            async for line in news.content:
                if track_id.encode() in line:
                    track = json.loads(await _get(http, f"/api/tracks/{track_id}"))
                    if track["state"] != "processing":
                        break
        original = track["renditions"][0]
        return track, heard, await _get(http, original["url"])


async def _replay(http: ClientSession, path: str, sample: Path) -> bytes:
    """Send a sample in the chunks that its recorder made; return what is heard meanwhile."""
    data = sample.read_bytes()  # noqa: ASYNC240 - nothing else waits
    sizes = json.loads(sample.with_suffix(".json").read_text())["sizes"]
    assert sum(sizes) == len(data)
    listening: asyncio.Task[bytes] | None = None
    for start, end in pairwise([0, *accumulate(sizes)]):
        headers = CHUNK | {"Upload-Offset": str(start)}
        if end == len(data):
            headers["Upload-Length"] = str(end)
        async with http.patch(path, data=data[start:end], headers=headers) as response:
            assert response.status == 204, await response.text()
        if listening is None:
            live = await http.get(f"/live/{sample.stem}?backlog=30")
            if live.status == 200:
                listening = asyncio.create_task(live.read())
            else:
                live.release()
    assert listening is not None, "it never went on air"
    return await listening


async def _get(http: ClientSession, url: str) -> bytes:
    async with http.get(url) as response:
        assert response.status == 200, url
        return await response.read()


def test_every_packet_of_it_is_heard_live(aired: Aired) -> None:
    assert decoded_s(aired.heard) == pytest.approx(aired.recorded_s, abs=0.2)
    assert_has_every_packet(aired.heard, aired.sample)


def test_it_becomes_a_seekable_track_of_the_right_length(aired: Aired) -> None:
    assert aired.track["state"] == "ready"
    assert not aired.track["incomplete"]
    assert aired.track["duration_s"] == pytest.approx(aired.recorded_s, abs=0.05)
    # ffmpeg 5.1 does not tell how long the last packet of Opus in MP4 is.
    assert told_duration_s(aired.original) == pytest.approx(aired.recorded_s, abs=0.07)
    middle_s = aired.recorded_s / 2
    assert decoded_s(aired.original, from_s=middle_s) == pytest.approx(middle_s, abs=0.1)


def test_not_a_packet_of_it_is_lost_in_the_track(aired: Aired) -> None:
    assert_has_every_packet(aired.original, aired.sample)


def assert_has_every_packet(path: Path, sample: Path) -> None:
    """Check that a file holds the packets that the recorder sent, and no others."""
    kept = [(packet.size_bytes, packet.content) for packet in packets(path)]
    if sample.name in WEBKITS:
        assert len(kept) == WEBKITS[sample.name][0]
        assert not complaints(path)
    else:
        assert kept == [(packet.size_bytes, packet.content) for packet in _packets_of(sample)]


_packets_of = cache(packets)
