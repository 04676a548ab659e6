"""DELETE: what was recorded shall be forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakes.sounds import ogg, webm
from served import TUS, problem_of

if TYPE_CHECKING:
    from pathlib import Path

    from served import Product

SOUND = ogg(3000)


def bytes_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_an_open_recording_is_deleted_and_its_station_free(
    product: Product, tmp_path: Path
) -> None:
    path = await product.begin()
    await product.append(path, 0, webm())
    response = await product.client.delete(path, headers=TUS)
    assert response.status == 204
    assert response.headers["Tus-Resumable"] == "1.0.0"
    await problem_of(await product.client.get(path), 410)
    assert not bytes_in(tmp_path / "spool")
    await product.begin()


async def test_a_finished_recording_takes_its_track_with_it(
    product: Product, tmp_path: Path
) -> None:
    path = await product.begin(len(SOUND))
    await product.append(path, 0, SOUND)
    await product.until_stored(path)
    assert bytes_in(tmp_path / "library")
    assert (await product.client.delete(path, headers=TUS)).status == 204
    assert (await product.json("/api/tracks"))["tracks"] == []
    assert not bytes_in(tmp_path / "library")


async def test_deleting_twice_is_told_that_it_is_gone(product: Product) -> None:
    path = await product.begin()
    await product.client.delete(path, headers=TUS)
    await problem_of(await product.client.delete(path, headers=TUS), 410)


async def test_an_unknown_recording_is_not_found(product: Product) -> None:
    await problem_of(await product.client.delete(f"/api/recordings/{'0' * 32}", headers=TUS), 404)


async def test_another_version_of_tus_deletes_nothing(product: Product) -> None:
    path = await product.begin()
    await problem_of(await product.client.delete(path), 412)
    assert await product.offset(path) == 0
