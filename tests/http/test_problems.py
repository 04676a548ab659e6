"""Errors: problem details a program can read and a person too, and nothing else besides."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientPayloadError
from yarl import URL

from audio_stream.adapters.http.problems import STATUS
from audio_stream.domain import errors
from fakes.sounds import ogg
from served import CHUNK, TUS, problem_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from served import Product, Serve

TRAVERSALS = [
    "../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%5c..%5cetc",
    "%2fetc%2fpasswd",
    "....//....//etc",
    "%00",
    "a%00b",
    "%ff%fe",
    "%ED%A0%80",
    "a" * 3000,
    "%0d%0aSet-Cookie:%20a=b",
]
PATTERNS = [
    "/api/recordings/{}",
    "/api/tracks/{}",
    "/tracks/{}",
    "/tracks/{}/audio",
    "/tracks/{}/audio.mp3",
    "/tracks/{}/waveform.json",
    "/live/{}",
    "/live/{}.m3u",
    "/live/{}.pls",
    "/static/{}",
]


def subclasses(of: type[object]) -> Iterator[type[object]]:
    for one in of.__subclasses__():
        yield one
        yield from subclasses(one)


def test_every_error_has_a_status() -> None:
    assert set(STATUS) == set(subclasses(errors.AudioStreamError))
    assert all(400 <= status < 600 for status in STATUS.values())


@pytest.mark.parametrize("pattern", PATTERNS)
async def test_no_parameter_leaves_its_place(product: Product, pattern: str) -> None:
    for name in TRAVERSALS:
        url = URL(
            f"http://{product.client.host}:{product.client.port}" + pattern.format(name),
            encoded=True,
        )
        response = await product.client.session.get(url, allow_redirects=False)
        assert response.status == 404, name
        assert "Set-Cookie" not in response.headers
        assert b"root:" not in await response.read()


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/recordings", {"OPTIONS", "POST"}),
        ("DELETE", "/api/recordings", {"OPTIONS", "POST"}),
        (
            "PUT",
            "/api/recordings/" + "0" * 32,
            {"OPTIONS", "HEAD", "GET", "PATCH", "POST", "DELETE"},
        ),
        ("POST", "/api/recordings/" + "0" * 32, {"OPTIONS", "HEAD", "GET", "PATCH", "DELETE"}),
        ("POST", "/api/tracks", {"GET", "HEAD"}),
        ("PROPFIND", "/api/tracks", {"GET", "HEAD"}),
        ("DELETE", "/tracks/a/audio", {"GET", "HEAD"}),
        ("POST", "/live/main", {"GET", "HEAD"}),
        ("POST", "/stream", {"GET", "HEAD"}),
    ],
)
async def test_an_unknown_method_is_told_which_are_known(
    product: Product, method: str, path: str, allowed: set[str]
) -> None:
    response = await product.client.request(method, path, headers=TUS)
    problem = await problem_of(response, 405)
    assert all(name in problem["detail"] for name in (method, *allowed))
    assert set(response.headers["Allow"].replace(" ", "").split(",")) == allowed


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_pages_take_no_writes(product: Product, method: str) -> None:
    response = await product.client.request(method, "/")
    assert (response.status, response.headers["Allow"]) == (405, "GET,HEAD")


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_body_over_its_limit_is_refused(product: Product, *, chunked: bool) -> None:
    track_id = await product.record(ogg(100))
    big = b'{"title": "' + b"a" * 70_000 + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        yield big

    response = await product.client.patch(
        f"/api/tracks/{track_id}", data=pieces() if chunked else big
    )
    await problem_of(response, 413)


async def test_a_body_that_comes_too_slowly_is_ended(serve: Serve) -> None:
    product = await serve(body_timeout_s=0.1)
    track_id = await product.record(ogg(100))
    reader, writer = await asyncio.open_connection(*product.address)
    writer.write(
        f"PATCH /api/tracks/{track_id} HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{{".encode()
    )
    async with asyncio.timeout(20):
        assert b" 408 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_what_nobody_expected_is_a_problem_too_and_tells_no_secrets(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(**_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(product.container.list_tracks(), "execute", break_down)
    problem = await problem_of(await product.client.get("/api/tracks"), 500)
    assert "secret" not in str(problem)


async def test_an_error_in_the_middle_of_sound_is_no_noise(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    track_id = await product.record(ogg(2000))

    class Breaking:
        size_bytes = 2000

        async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
            yield ogg(2000)[start : start + 1000]
            assert length
            raise errors.BlobNotFound("gone")

    async def breaking(_: str) -> Breaking:
        return Breaking()

    monkeypatch.setattr(product.container.blobs(), "open", breaking)
    response = await product.client.get(f"/tracks/{track_id}/audio")
    assert response.status == 200
    assert await response.content.readexactly(1000) == ogg(2000)[:1000]
    with pytest.raises(ClientPayloadError):
        await response.content.read()


async def test_a_client_that_leaves_in_the_middle_is_no_line_in_the_log(
    product: Product, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    track_id = await product.record(ogg(2000))

    class Endless:
        size_bytes = 1 << 40

        async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
            while start < length:
                yield bytes(1 << 20)

    async def endless(_: str) -> Endless:
        return Endless()

    monkeypatch.setattr(product.container.blobs(), "open", endless)
    others = product.connections
    reader, writer = await asyncio.open_connection(*product.address)
    writer.write(f"GET /tracks/{track_id}/audio HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()
    async with asyncio.timeout(10):
        while product.connections > others:  # noqa: ASYNC110 - aiohttp tells nobody of the end
            await asyncio.sleep(0)
    assert caplog.text == ""


async def test_an_error_before_the_first_byte_is_an_error(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    track_id = await product.record(ogg(2000))

    class Gone:
        size_bytes = 2000

        async def read(self, start: int, length: int) -> AsyncIterator[bytes]:
            if start or length:
                raise errors.BlobNotFound("gone")
            yield b""

    async def gone(_: str) -> Gone:
        return Gone()

    monkeypatch.setattr(product.container.blobs(), "open", gone)
    await problem_of(await product.client.get(f"/tracks/{track_id}/audio"), 404)


@pytest.mark.parametrize("path", ["/api/nothing", "/live/a/b", "/tracks/a/b/c", "/stream/a"])
async def test_unknown_addresses_of_the_api_are_problems_also_for_browsers(
    product: Product, path: str
) -> None:
    await problem_of(await product.client.get(path, headers={"Accept": "text/html"}), 404)


async def test_a_navigation_to_an_unknown_page_shows_the_way_back(product: Product) -> None:
    response = await product.client.get("/nothing", headers={"Accept": "text/html,*/*"})
    assert (response.status, response.content_type) == (404, "text/html")
    assert "Content-Security-Policy" in response.headers
    assert 'href="/"' in await response.text()
    plain = await product.client.get("/nothing")
    assert (plain.status, plain.content_type) == (404, "text/plain")


async def test_headers_of_any_size_end_in_an_answer(product: Product) -> None:
    headers = CHUNK | {"Upload-Metadata": "title " + "A" * 100_000}
    response = await product.client.post("/api/recordings", headers=headers)
    assert response.status == 400
