"""GET: how a recording is doing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from fakes.sounds import webm
from served import problem_of

if TYPE_CHECKING:
    from served import Product


async def test_a_recording_tells_all_that_its_page_shows(product: Product) -> None:
    path = await product.begin(title="A song", station="jazz")
    sound = webm(50)
    await product.append(path, 0, sound)
    response = await product.client.get(path)
    assert response.headers["Cache-Control"] == "no-store"
    assert response.content_type == "application/json"
    read = await response.json()
    assert datetime.fromisoformat(read.pop("started_at")).tzinfo is not None
    assert read.pop("duration_s") == pytest.approx(0.98)
    assert read == {
        "id": path.rsplit("/", 1)[1],
        "state": "recording",
        "reason": None,
        "station": "jazz",
        "title": "A song",
        "size_bytes": len(sound),
        "on_air": True,
        "off_air_reason": None,
    }


async def test_a_finished_recording_is_off_air(product: Product) -> None:
    path = await product.begin()
    sound = webm()
    await product.append(path, 0, sound, Upload_Length=str(len(sound)))
    read = await product.json(path)
    assert (read["state"], read["on_air"], read["size_bytes"]) == ("finished", False, len(sound))


async def test_an_unknown_recording_is_not_found(product: Product) -> None:
    await problem_of(await product.client.get(f"/api/recordings/{'0' * 32}"), 404)
