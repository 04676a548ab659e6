"""OPTIONS: what this tus server can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from served import Product, Serve

ANY_ID = "0" * 32


@pytest.mark.parametrize("path", ["/api/recordings", f"/api/recordings/{ANY_ID}"])
async def test_discovery_names_version_extensions_and_limits(serve: Serve, path: str) -> None:
    product = await serve(max_recording_size="5MiB")
    response = await product.client.options(path)
    assert response.status == 204
    assert response.headers["Tus-Version"] == "1.0.0"
    assert set(response.headers["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "creation-defer-length",
        "checksum",
        "termination",
        "expiration",
    }
    assert set(response.headers["Tus-Checksum-Algorithm"].split(",")) == {"sha1", "sha256"}
    assert response.headers["Tus-Max-Size"] == str(5 * 2**20)


async def test_discovery_asks_for_no_version_and_no_password(serve: Serve) -> None:
    product: Product = await serve(admin_username="anna", admin_password="secret")  # noqa: S106 - the test's own
    assert (await product.client.options("/api/recordings")).status == 204
