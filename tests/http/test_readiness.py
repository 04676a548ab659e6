"""`/readyz`: whether to send people here, and what the keeper should see to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina

from audio_stream.domain.errors import StorageFailed
from audio_stream.domain.ids import TrackId
from audio_stream.usecases.check_readiness import CheckReadiness, Stage
from audio_stream.usecases.ports import Health
from fakes.sounds import ogg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from served import Product, Serve


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=2):
        yield


async def test_all_is_well(product: Product) -> None:
    assert await product.json("/readyz") == {"status": "ready", "reasons": []}


async def test_a_nearly_full_disk_is_degraded_and_serves(serve: Serve) -> None:
    product = await serve(disk_reserve=2**62)
    answer = await product.json("/readyz")
    assert answer["status"] == "degraded"
    assert "nearly full" in answer["reasons"][0]


async def test_tracks_that_cannot_be_stored_are_degraded_until_they_can(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StorageFailed("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(product.container.blobs(), "put", fail)
        track_id = await product.record(ogg(3000))
        answer = await product.json("/readyz")
    assert answer["status"] == "degraded"
    assert "1 of the tracks cannot be made now" in answer["reasons"][0]
    assert "no answer" in answer["reasons"][0]
    product.container.work().schedule(TrackId(track_id))
    await product.settle()
    assert (await product.json("/readyz"))["status"] == "ready"


async def test_there_is_no_trouble_with_a_track_that_is_deleted(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(product.container.blobs(), "put", fail)
        track_id = await product.record(ogg(3000))
    assert (await product.json("/readyz"))["status"] == "degraded"
    assert (await product.client.delete(f"/api/tracks/{track_id}")).status == 204
    await product.settle()
    assert (await product.json("/readyz"))["status"] == "ready"


async def test_a_start_that_cannot_go_on_is_degraded(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = await serve()
    container = product.container

    async def fail() -> None:
        raise StorageFailed("gone")

    monkeypatch.setattr(container.reconcile_library(), "execute", fail)
    # What the start began ends first: begun twice, it would never be told to.
    await container.resuming().__aexit__(None, None, None)
    async with container.resuming():
        while await container.resuming().trouble() is None:
            await product.json("/healthz")
    answer = await product.json("/readyz")
    assert answer["status"] == "degraded"
    assert "last stop" in answer["reasons"][0]


@pytest.mark.parametrize("stage", [Stage.STARTING, Stage.STOPPING])
async def test_nobody_is_sent_to_a_program_that_starts_or_stops(
    product: Product, stage: Stage
) -> None:
    product.container.check_readiness().stage = stage
    response = await product.client.get("/readyz")
    assert response.status == 503
    assert (await response.json())["status"] == stage
    assert response.headers["Cache-Control"] == "no-store"


async def test_it_stops_before_its_connections_do(product: Product) -> None:
    await product.client.server.app.shutdown()  # type: ignore[attr-defined]  # the runner's
    assert (await product.client.get("/readyz")).status == 503


async def test_what_cannot_even_tell_its_trouble_is_in_trouble() -> None:
    class Sick(Health):
        async def trouble(self) -> str | None:
            raise StorageFailed("EIO")

    readiness = await CheckReadiness([Sick()]).execute()
    assert readiness.stage is Stage.STARTING
    assert list(readiness.troubles) == [str(StorageFailed("EIO"))]
