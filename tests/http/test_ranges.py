"""Ranges of stored sound (RFC 9110 §14), the same of the original and of the MP3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from audio_stream.adapters.http.ranges import ByteRange, UnsatisfiableRange, parse_range
from audio_stream.domain.ids import TrackId
from audio_stream.domain.tracks import RenditionKind
from fakes.sounds import ogg
from served import problem_of

if TYPE_CHECKING:
    from served import Product

SOUND = ogg(600_000)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def track_id(shared_product: Product) -> str:
    return await shared_product.record(SOUND)


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=[RenditionKind.ORIGINAL, RenditionKind.MP3]
)
async def sound(
    shared_product: Product, track_id: str, request: pytest.FixtureRequest
) -> tuple[Product, str, bytes]:
    """Give the address of a rendition and what it must be."""
    opened = await shared_product.container.open_track().execute(
        track_id=TrackId(track_id), kind=request.param
    )
    whole = b"".join([piece async for piece in opened.blob.read(0, opened.blob.size_bytes)])
    name = "audio.mp3" if request.param is RenditionKind.MP3 else "audio"
    return shared_product, f"/tracks/{track_id}/{name}", whole


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-", 5, None),
        ("bytes=-1", -1, None),
        ("bytes=0-", 0, None),
        ("bytes=0-999999999999", 0, None),
        ("bytes=-999999999999", 0, None),
        ("bytes=262143-262145", 262_143, 262_145),
        ("bytes=599999-599999", 599_999, 599_999),
        ("BYTES=1-2", 1, 2),
        ("bytes= 1 - 2", 1, 2),
    ],
)
async def test_one_range_is_answered_with_it(
    sound: tuple[Product, str, bytes], header: str, first: int, last: int | None
) -> None:
    product, path, whole = sound
    response = await product.client.get(path, headers={"Range": header})
    start = first % len(whole) if first < 0 else first
    end = len(whole) if last is None else last + 1
    assert response.status == 206
    assert await response.read() == whole[start:end]
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(whole)}"
    assert response.headers["Content-Length"] == str(end - start)
    assert response.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes=0-0,2-3",
        "bytes=0-0, -1",
        "bytes=5-4",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=0x0-0x1",
        "bytes=--1",
        "items=0-1",
        "bytes=" + "9" * 100 + "-",
        "bytes=٣-٤",
    ],
)
async def test_anything_else_is_answered_with_the_whole(
    sound: tuple[Product, str, bytes], header: str | None
) -> None:
    product, path, whole = sound
    response = await product.client.get(path, headers={} if header is None else {"Range": header})
    assert response.status == 200
    assert "Content-Range" not in response.headers
    assert await response.read() == whole


@pytest.mark.parametrize("header", ["bytes={size}-", "bytes={size}-{size}", "bytes=-0"])
async def test_a_range_past_the_end_is_told_where_that_is(
    sound: tuple[Product, str, bytes], header: str
) -> None:
    product, path, whole = sound
    response = await product.client.get(path, headers={"Range": header.format(size=len(whole))})
    await problem_of(response, 416)
    assert response.headers["Content-Range"] == f"bytes */{len(whole)}"


async def test_head_tells_of_the_whole_and_ignores_ranges(
    sound: tuple[Product, str, bytes],
) -> None:
    product, path, whole = sound
    for headers in ({}, {"Range": "bytes=0-0"}, {"Range": f"bytes={len(whole)}-"}):
        response = await product.client.head(path, headers=headers)
        assert response.status == 200
        assert response.headers["Content-Length"] == str(len(whole))
        assert response.headers["Content-Type"].startswith("audio/")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert await response.read() == b""


async def test_an_etag_that_is_known_saves_the_body(sound: tuple[Product, str, bytes]) -> None:
    product, path, _ = sound
    etag = (await product.client.head(path)).headers["ETag"]
    assert etag.startswith('"')
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = await product.client.get(path, headers={"If-None-Match": known})
        assert response.status == 304
        assert response.headers["ETag"] == etag
        assert await response.read() == b""
    response = await product.client.get(path, headers={"If-None-Match": '"other"'})
    assert response.status == 200


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        ("{etag}", 206),
        ('"old"', 200),
        ("W/{etag}", 200),
        ("Sun, 22 Nov 2026 12:00:00 GMT", 200),
    ],
)
async def test_a_range_of_something_older_is_answered_with_the_whole(
    sound: tuple[Product, str, bytes], if_range: str, status: int
) -> None:
    product, path, whole = sound
    etag = (await product.client.head(path)).headers["ETag"]
    headers = {"Range": "bytes=1-2", "If-Range": if_range.format(etag=etag)}
    response = await product.client.get(path, headers=headers)
    assert response.status == status
    assert await response.read() == (whole[1:3] if status == 206 else whole)


async def test_a_stale_range_past_the_end_gets_the_whole(sound: tuple[Product, str, bytes]) -> None:
    product, path, whole = sound
    headers = {"Range": f"bytes={len(whole)}-", "If-Range": '"old"'}
    assert (await product.client.get(path, headers=headers)).status == 200


async def test_original_and_mp3_have_etags_of_their_own(
    shared_product: Product, track_id: str
) -> None:
    paths = [f"/tracks/{track_id}/{name}" for name in ("audio", "audio.mp3", "waveform.json")]
    etags = {(await shared_product.client.head(path)).headers["ETag"] for path in paths}
    assert len(etags) == 3


async def test_nothing_is_no_range_of_an_empty_file() -> None:
    assert parse_range(None, 0) is None
    for header in ("bytes=0-", "bytes=-1"):
        with pytest.raises(UnsatisfiableRange):
            parse_range(header, 0)


async def test_ranges_are_cut_at_the_end() -> None:
    assert parse_range("bytes=2-100", 10) == ByteRange(2, 8)
    assert parse_range("bytes=-100", 10) == ByteRange(0, 10)
