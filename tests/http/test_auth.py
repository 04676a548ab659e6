"""Who may write: with a password, and never on behalf of another site."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from aiohttp import encode_basic_auth
from yarl import URL

from served import problem_of

if TYPE_CHECKING:
    from served import Product, Serve

SAFE = {"GET", "HEAD", "OPTIONS"}
PASSWORD = "pässword:with:colons"  # noqa: S105 - the test's own


def signed(username: str, password: str) -> dict[str, str]:
    return {"Authorization": encode_basic_auth(username, password)}


ANNA = signed("anna", PASSWORD)


@pytest.fixture
async def guarded(serve: Serve) -> Product:
    return await serve(admin_username="anna", admin_password=PASSWORD)


def routes_of(product: Product) -> list[tuple[str, str]]:
    """Return method and path of every route, with something in each parameter."""
    app = product.client.app
    assert app is not None
    found = set()
    for route in app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical
        for name in ("recording_id", "track_id"):
            path = path.replace(f"{{{name}}}", "0" * 32)
        found.add((route.method, path.replace("{station}", "main").replace("{name}", "a")))
    return sorted(found)


async def test_every_write_asks_for_the_password(guarded: Product) -> None:
    writes = [route for route in routes_of(guarded) if route[0] not in SAFE]
    assert len(writes) >= 7
    for method, path in writes:
        for headers in ({}, signed("anna", "wrong"), signed("", "")):
            response = await guarded.client.request(method, path, headers=headers)
            await problem_of(response, 401)
            assert response.headers["WWW-Authenticate"].startswith('Basic realm="')
        response = await guarded.client.request(method, path, headers=ANNA)
        assert response.status != 401, (method, path)


async def test_a_write_to_no_route_at_all_asks_too(guarded: Product) -> None:
    for path in ("/", "/nothing", "/api/", "/api/recordings/"):
        assert (await guarded.client.post(path)).status == 401, path


@pytest.mark.parametrize("path", ["/record", "/api/recordings/" + "0" * 32])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_only_a_source_reads_asks_too(guarded: Product, method: str, path: str) -> None:
    assert (await guarded.client.request(method, path)).status == 401
    assert (await guarded.client.request(method, path, headers=ANNA)).status != 401


@pytest.mark.parametrize("path", ["/%72ecord", "/api/%72ecordings/" + "0" * 32, "//record"])
async def test_another_spelling_of_an_address_asks_too(guarded: Product, path: str) -> None:
    url = URL("http://{}:{}".format(*guarded.address) + path, encoded=True)
    response = await guarded.client.session.get(url)
    assert response.status in (401, 404)


async def test_listening_asks_nobody(guarded: Product) -> None:
    for path in ("/", "/listen", "/api/tracks", "/tracks", "/api/stations", "/healthz"):
        assert (await guarded.client.get(path)).status == 200, path
    assert (await guarded.client.get("/stream")).status == 404


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !",
        "Basic " + base64.b64encode(b"anna").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:\x00").decode(),
        "Bearer " + base64.b64encode(b"anna:p").decode(),
        "Digest username=anna",
        "Basic " + "A" * 8000,
    ],
)
async def test_a_strange_authorization_is_refused(guarded: Product, header: str) -> None:
    headers = {"Authorization": header}
    assert (await guarded.client.post("/api/recordings", headers=headers)).status == 401


async def test_without_a_password_anyone_may_write(product: Product) -> None:
    await product.begin()


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://{host}"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, True),
        ({"Origin": "http://{host}"}, True),
        ({"Origin": "https://{host}"}, True),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "http://{host}.evil.example"}, False),
        ({"Origin": "http://localhost:1"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://[nonsense"}, False),
    ],
)
async def test_a_write_for_another_site_is_refused_also_with_the_password(
    guarded: Product, headers: dict[str, str], *, allowed: bool
) -> None:
    host = "{}:{}".format(*guarded.address)
    sent = {name: value.format(host=host) for name, value in headers.items()}
    response = await guarded.client.post("/upload", headers=sent | ANNA)
    if allowed:
        assert response.status == 410
    else:
        await problem_of(response, 403)


async def test_every_write_is_refused_to_other_sites(product: Product) -> None:
    for method, path in routes_of(product):
        if method not in SAFE:
            headers = {"Sec-Fetch-Site": "cross-site"}
            response = await product.client.request(method, path, headers=headers)
            assert response.status == 403, (method, path)


async def test_reading_for_another_site_is_allowed(product: Product) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "http://friend.example"}
    assert (await product.client.get("/api/tracks", headers=headers)).status == 200


async def test_behind_a_trusted_proxy_the_origin_is_the_proxys(serve: Serve) -> None:
    product = await serve(trusted_proxies="127.0.0.1")
    seen = {"X-Forwarded-Host": "radio.example", "X-Forwarded-Proto": "https"}
    ours = seen | {"Origin": "https://radio.example"}
    assert (await product.client.post("/upload", headers=ours)).status == 410
    others = seen | {"Origin": "https://evil.example"}
    assert (await product.client.post("/upload", headers=others)).status == 403
