"""The pages and their files, and what browsers are told about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from audio_stream.infrastructure.resources import web_folder

if TYPE_CHECKING:
    from pathlib import Path

    from served import Product, Serve


@pytest.mark.parametrize("path", ["/", "/listen", "/record"])
async def test_a_page_runs_only_its_own_code(product: Product, path: str) -> None:
    response = await product.client.get(path)
    assert (response.status, response.content_type) == (200, "text/html")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Permissions-Policy"] == "microphone=(self)"
    assert response.headers["Cache-Control"] == "no-cache"
    assert "{{" not in await response.text()


async def test_both_addresses_of_the_listener_page_are_the_same(product: Product) -> None:
    pages = [await (await product.client.get(path)).text() for path in ("/", "/listen")]
    assert pages[0] == pages[1]


async def test_the_stations_title_is_text_on_the_page(serve: Serve) -> None:
    product = await serve(title='<script>alert(1)</script> "Radio" & {{title}}')
    text = await (await product.client.get("/")).text()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &quot;Radio&quot; &amp;" in text


async def test_every_file_of_the_pages_has_its_type(product: Product) -> None:
    types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    for file in web_folder().iterdir():
        response = await product.client.get(f"/static/{file.name}")
        if file.suffix in types:
            assert (response.status, response.content_type) == (200, types[file.suffix]), file
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert await response.read() == file.read_bytes()
        elif file.suffix == ".html" or file.is_dir():
            assert response.status == 404, "a page is got by its address"


async def test_a_file_that_is_known_is_not_sent_again(product: Product) -> None:
    response = await product.client.get("/static/style.css")
    headers = {"If-None-Match": response.headers["ETag"]}
    assert (await product.client.get("/static/style.css", headers=headers)).status == 304


async def test_the_cover_that_ships_is_a_picture(product: Product) -> None:
    for path in ("/cover", "/favicon.ico"):
        response = await product.client.get(path)
        assert (response.status, response.content_type) == (200, "image/svg+xml")
        assert "default-src 'self'" in response.headers["Content-Security-Policy"], (
            "SVG has scripts"
        )


async def test_a_cover_of_ones_own_is_a_file(serve: Serve, tmp_path: Path) -> None:
    cover = tmp_path / "my cover.png"
    cover.write_bytes(b"\x89PNG\r\n\x1a\n")
    product = await serve(cover=str(cover))
    response = await product.client.get("/cover")
    assert (response.content_type, await response.read()) == ("image/png", b"\x89PNG\r\n\x1a\n")


async def test_or_an_address(serve: Serve) -> None:
    product = await serve(cover="https://pictures.example/cover.jpg")
    response = await product.client.get("/cover", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (
        302,
        "https://pictures.example/cover.jpg",
    )


async def test_the_program_says_that_it_is_alive(product: Product) -> None:
    response = await product.client.get("/healthz")
    assert (response.status, await response.json()) == (200, {"status": "ok"})
    assert response.headers["Cache-Control"] == "no-store"
