"""The addresses that the Node.js original had."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.errors import MediaToolFailed
from audio_stream.domain.tracks import TrackState
from contracts.examples import track
from fakes.sounds import ogg
from served import problem_of

if TYPE_CHECKING:
    from served import Product


async def test_tracks_are_listed_by_name_newest_first(product: Product) -> None:
    for title in ("First", "Second"):
        await product.record(ogg(3000), title=title)
    tracks = (await product.json("/tracks"))["tracks"]
    assert [one["name"].rsplit("-", 1)[0] for one in tracks] == ["second", "first"]
    assert all(set(one) == {"name", "createdAt"} for one in tracks)
    times = [datetime.fromisoformat(one["createdAt"]) for one in tracks]
    assert times == sorted(times, reverse=True)


async def test_only_what_plays_is_listed(product: Product) -> None:
    product.media.fail_next_finalise = MediaToolFailed("no")
    await product.record(ogg(3000))
    assert await product.json("/tracks") == {"tracks": []}


async def test_more_than_a_page_is_listed_whole(product: Product) -> None:
    catalog = product.container.catalog()
    await catalog.add_tracks([track(n, state=TrackState.READY) for n in range(450)])
    tracks = (await product.json("/tracks"))["tracks"]
    assert [one["name"] for one in tracks] == [f"track-{n}" for n in reversed(range(450))]


async def test_a_track_plays_by_its_name_and_seeks(product: Product) -> None:
    track_id = await product.record(ogg(3000), title="Grüße aus Köln!")
    (listed,) = (await product.json("/tracks"))["tracks"]
    assert listed["name"] == f"grusse-aus-koln-{track_id[:6]}"
    response = await product.client.get(f"/tracks/{listed['name']}", headers={"Range": "bytes=4-7"})
    assert response.status == 206
    assert response.headers["Content-Type"] == "audio/ogg"
    assert await response.read() == ogg(3000)[4:8]


@pytest.mark.parametrize("name", ["nothing", "0" * 32, "ä", "%25", "_"])
async def test_an_unknown_name_is_not_found(product: Product, name: str) -> None:
    await product.record(ogg(3000))
    await problem_of(await product.client.get(f"/tracks/{name}"), 404)


@pytest.mark.parametrize("path", ["/upload", "/metadata", "/store"])
async def test_the_old_way_of_recording_names_the_new_one(product: Product, path: str) -> None:
    problem = await problem_of(await product.client.post(path, data=b"webm"), 410)
    assert "/api/recordings" in problem["detail"]
