"""POST: a recording begins, perhaps with its first bytes."""

from __future__ import annotations

import base64
import gzip
import hashlib
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from fakes.sounds import ogg, webm
from served import CHUNK, TUS, metadata, path_of, problem_of

if TYPE_CHECKING:
    from served import Product, Serve

DEFER = {"Upload-Defer-Length": "1"}
SOUND = ogg(5000)


async def test_a_recording_is_created_at_an_absolute_address(product: Product) -> None:
    response = await product.client.post("/api/recordings", headers=TUS | DEFER)
    assert response.status == 201
    location = response.headers["Location"]
    assert location.startswith(str(product.client.make_url("/api/recordings/")))
    assert response.headers["Tus-Resumable"] == "1.0.0"
    assert parsedate_to_datetime(response.headers["Upload-Expires"]).tzinfo is not None
    assert await product.offset(path_of(response)) == 0


async def test_behind_a_trusted_proxy_the_address_is_the_proxys(serve: Serve) -> None:
    product = await serve(trusted_proxies="127.0.0.1")
    seen = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "radio.example"}
    response = await product.client.post("/api/recordings", headers=TUS | DEFER | seen)
    assert response.headers["Location"].startswith("https://radio.example/api/recordings/")


async def test_a_proxy_that_nobody_trusts_is_not_believed(product: Product) -> None:
    seen = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    response = await product.client.post("/api/recordings", headers=TUS | DEFER | seen)
    assert "evil" not in response.headers["Location"]


@pytest.mark.parametrize(
    ("how", "live"),
    [
        (DEFER, True),
        ({"Upload-Length": "5000"}, False),
        (DEFER | metadata(live="false"), False),
        ({"Upload-Length": "5000"} | metadata(live="true"), True),
        (DEFER | metadata(live="TRUE"), True),
    ],
)
async def test_a_file_is_not_live_and_a_recording_is_unless_they_say_so(
    product: Product, how: dict[str, str], *, live: bool
) -> None:
    response = await product.client.post("/api/recordings", headers=TUS | how)
    sound = webm(300)[:5000]
    path = path_of(response)
    assert (await product.append(path, 0, sound[:4000])).status == 204
    assert (await product.json(path))["on_air"] is live


async def test_metadata_is_kept(product: Product) -> None:
    told = {"title": "Grüße 🎙", "station": "jazz-fm", "filetype": "audio/webm;codecs=opus"}
    path = await product.begin(told=told)
    read = await product.json(path)
    assert (read["title"], read["station"]) == ("Grüße 🎙", "jazz-fm")
    response = await product.client.head(path, headers=TUS)
    pairs = dict(pair.split(" ") for pair in response.headers["Upload-Metadata"].split(","))
    assert {key: base64.b64decode(value).decode() for key, value in pairs.items()} == (
        told | {"live": "true"}
    )


async def test_without_a_station_it_is_the_default_one(serve: Serve) -> None:
    product = await serve(station="my-radio")
    for told in ({}, {"station": ""}):
        path = await product.begin(told=told | {"live": "false"})
        assert (await product.json(path))["station"] == "my-radio"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload-Length": "5"} | DEFER,
        {"Upload-Defer-Length": "0"},
        {"Upload-Defer-Length": "yes"},
        {"Upload-Length": "-1"},
        {"Upload-Length": "1e3"},
        {"Upload-Length": "٣"},
        {"Upload-Length": ""},
        {"Upload-Length": "9" * 40},
        DEFER | {"Upload-Metadata": "title not-base64!"},
        DEFER | {"Upload-Metadata": "title YQ== YQ=="},
        DEFER | {"Host": "radio host"},
        DEFER | metadata(live="perhaps"),
        DEFER | metadata(station="../etc"),
        DEFER | metadata(station="Upper"),
        DEFER | metadata(station="a" * 64),
        DEFER | metadata(station="-dash"),
        DEFER | metadata(station="main\n"),
        DEFER | CHUNK | {"Upload-Checksum": "md5 YQ=="},
        DEFER | CHUNK | {"Upload-Checksum": "sha1 !"},
    ],
)
async def test_nonsense_is_refused_and_creates_nothing(
    product: Product, headers: dict[str, str]
) -> None:
    await problem_of(await product.client.post("/api/recordings", headers=TUS | headers), 400)
    assert len(product.container.open_recordings()) == 0
    assert not await product.container.spool().list_recordings()


async def test_metadata_may_be_odd_as_long_as_it_can_be_read(product: Product) -> None:
    oddities = f" , title {base64.b64encode(b'odd').decode()} ,,checked,{'x' * 20} /w=="
    response = await product.client.post(
        "/api/recordings", headers=TUS | DEFER | {"Upload-Metadata": oddities}
    )
    assert response.status == 201
    assert (await product.json(path_of(response)))["title"] == "odd"


@pytest.mark.parametrize("version", [None, "0.2.2", "2.0.0"])
async def test_another_version_of_tus_is_told_which_one(
    product: Product, version: str | None
) -> None:
    headers = DEFER | ({} if version is None else {"Tus-Resumable": version})
    response = await product.client.post("/api/recordings", headers=headers)
    await problem_of(response, 412)
    assert response.headers["Tus-Version"] == "1.0.0"
    assert response.headers["Tus-Resumable"] == "1.0.0"


async def test_a_busy_station_says_who_has_it_and_since_when(product: Product) -> None:
    first = await product.begin(title="Morning show")
    headers = TUS | DEFER
    problem = await problem_of(await product.client.post("/api/recordings", headers=headers), 409)
    assert "Morning show" in problem["detail"]
    assert problem["since"] == (await product.json(first))["started_at"]
    sound = webm()
    assert (await product.append(first, 0, sound)).status == 204, "the first is not disturbed"
    assert (await product.json(first))["on_air"]
    await product.begin(station="other")


async def test_a_recording_with_a_length_of_nothing_is_finished_at_once(product: Product) -> None:
    path = await product.begin(0)
    assert (await product.json(path))["state"] == "finished"
    await product.settle()
    assert (await product.json("/api/tracks"))["tracks"] == []


async def test_more_than_a_recording_may_hold_is_refused(serve: Serve) -> None:
    product = await serve(max_recording_size=1000)
    response = await product.client.post("/api/recordings", headers=TUS | {"Upload-Length": "1001"})
    assert (await problem_of(response, 413))["limit_bytes"] == 1000


async def test_too_many_open_recordings_are_refused_with_a_reason(serve: Serve) -> None:
    product = await serve(max_open_recordings=2)
    for _ in range(2):
        await product.begin(10)
    response = await product.client.post("/api/recordings", headers=TUS | {"Upload-Length": "10"})
    assert (await problem_of(response, 429))["limit"] == 2
    assert int(response.headers["Retry-After"]) > 0


async def test_a_full_spool_quota_is_told_with_the_station_and_spares_the_others(
    serve: Serve,
) -> None:
    product = await serve(spool_quota=2500)
    path = await product.begin(station="jazz")
    assert (await product.append(path, 0, webm(100)[:2500])).status == 204
    problem = await problem_of(await product.append(path, 2500, b"more"), 507)
    assert (problem["station"], problem["limit_bytes"]) == ("jazz", 2500)
    assert await product.offset(path) == 2500
    headers = TUS | DEFER | metadata(station="jazz", live="false")
    await problem_of(await product.client.post("/api/recordings", headers=headers), 507)
    await product.begin(station="talk")


async def test_below_the_disks_reserve_nothing_new_is_taken(serve: Serve) -> None:
    product = await serve(disk_reserve="1000TB")
    await problem_of(await product.client.post("/api/recordings", headers=TUS | DEFER), 507)
    response = await product.client.post("/api/recordings", headers=TUS | DEFER)
    await problem_of(response, 507)  # not 409: what could not begin holds no station


# -- creation with upload


async def test_the_first_bytes_may_come_along(product: Product) -> None:
    response = await product.client.post(
        "/api/recordings", headers=CHUNK | {"Upload-Length": "5000"}, data=SOUND[:2000]
    )
    assert (response.status, response.headers["Upload-Offset"]) == (201, "2000")
    path = path_of(response)
    assert (await product.append(path, 2000, SOUND[2000:])).status == 204


async def test_a_whole_file_may_come_along(product: Product) -> None:
    checksum = base64.b64encode(hashlib.sha256(SOUND).digest()).decode()
    headers = CHUNK | {"Upload-Length": "5000", "Upload-Checksum": f"sha256 {checksum}"}
    response = await product.client.post("/api/recordings", headers=headers, data=SOUND)
    assert (response.status, response.headers["Upload-Offset"]) == (201, "5000")
    await product.settle()
    (track,) = (await product.json("/api/tracks"))["tracks"]
    assert track["state"] == "ready"


async def test_a_body_of_another_type_is_not_taken_for_audio(product: Product) -> None:
    response = await product.client.post("/api/recordings", headers=TUS | DEFER, data=b"{}")
    assert response.status == 201
    assert await product.offset(path_of(response)) == 0


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"GIF89a" + bytes(100), {}, 415),
        (webm(), {"Upload-Checksum": "sha1 " + base64.b64encode(bytes(20)).decode()}, 460),
        (gzip.compress(webm()), {"Content-Encoding": "gzip"}, 415),
    ],
)
async def test_first_bytes_that_cannot_be_kept_leave_nothing_behind(
    product: Product, body: bytes, headers: dict[str, str], status: int
) -> None:
    for _ in range(2):  # a second time it is not told that its own station is taken
        response = await product.client.post(
            "/api/recordings", headers=CHUNK | DEFER | headers, data=body
        )
        await problem_of(response, status)
    assert len(product.container.open_recordings()) == 0
    assert not await product.container.spool().list_recordings()
