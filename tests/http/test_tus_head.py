"""HEAD: where the source goes on."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from fakes.sounds import ogg
from served import TUS

if TYPE_CHECKING:
    from served import Product, Serve

SOUND = ogg(3000)


async def test_it_tells_offset_and_length_and_is_never_cached(product: Product) -> None:
    path = await product.begin(len(SOUND))
    await product.append(path, 0, SOUND[:1000])
    response = await product.client.head(path, headers=TUS)
    assert response.status == 200
    assert response.headers["Upload-Offset"] == "1000"
    assert response.headers["Upload-Length"] == "3000"
    assert "Upload-Defer-Length" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Tus-Resumable"] == "1.0.0"
    assert await response.read() == b""


async def test_a_length_that_is_not_known_is_said_to_be_deferred(product: Product) -> None:
    path = await product.begin()
    response = await product.client.head(path, headers=TUS)
    assert response.headers["Upload-Defer-Length"] == "1"
    assert "Upload-Length" not in response.headers


async def test_a_finished_recording_is_at_its_end_also_when_its_track_is_made(
    product: Product,
) -> None:
    path = await product.begin(len(SOUND))
    await product.append(path, 0, SOUND)
    await product.until_stored(path)
    response = await product.client.head(path, headers=TUS)
    assert response.headers["Upload-Offset"] == response.headers["Upload-Length"] == "3000"


async def test_it_tells_until_when_a_source_may_return(serve: Serve) -> None:
    product = await serve(resume_window_s=3600, silence_s=0.1)
    path = await product.begin()
    response = await product.client.head(path, headers=TUS)
    expires = parsedate_to_datetime(response.headers["Upload-Expires"])
    left = expires - product.container.clock().now()
    assert 3500 < left.total_seconds() <= 3600
    await product.until(path, state="interrupted")
    (recording,) = await product.container.catalog().list_recordings()
    response = await product.client.head(path, headers=TUS)
    expires = parsedate_to_datetime(response.headers["Upload-Expires"])
    assert recording.interrupted_at is not None
    assert expires == (recording.interrupted_at + timedelta(hours=1)).replace(microsecond=0)


async def test_what_is_finished_does_not_expire(product: Product) -> None:
    path = await product.begin(len(SOUND))
    await product.append(path, 0, SOUND)
    response = await product.client.head(path, headers=TUS)
    assert "Upload-Expires" not in response.headers
    assert response.headers["Tus-Resumable"] == "1.0.0"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/api/recordings/{'0' * 32}", 404),
        ("/api/recordings/nonsense", 404),
        ("/api/recordings/..%2f..%2fetc%2fpasswd", 404),
    ],
)
async def test_what_is_not_there_has_no_offset(product: Product, path: str, status: int) -> None:
    response = await product.client.head(path, headers=TUS)
    assert response.status == status
    assert "Upload-Offset" not in response.headers
    assert response.headers["Tus-Resumable"] == "1.0.0"


async def test_a_deleted_recording_is_gone(product: Product) -> None:
    path = await product.begin()
    await product.client.delete(path, headers=TUS)
    response = await product.client.head(path, headers=TUS)
    assert response.status == 410
    assert "Upload-Offset" not in response.headers


async def test_another_version_of_tus_is_refused(product: Product) -> None:
    path = await product.begin()
    response = await product.client.head(path)
    assert response.status == 412
    assert response.headers["Tus-Version"] == "1.0.0"
