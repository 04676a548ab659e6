"""Whose word is taken for the address under which a client reached us."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from audio_stream.adapters.http.base_url import TRUSTED_PROXIES, external_url, parse_networks
from audio_stream.domain.errors import InvalidRequest

FORWARDED = {
    "Host": "inner:9999",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "radio.example",
}


def request(remote: str, headers: dict[str, str] = FORWARDED) -> web.Request:
    app = web.Application()
    app[TRUSTED_PROXIES] = parse_networks(["10.0.0.0/8", "fd00::1"])
    return make_mocked_request("GET", "/", headers=headers, app=app).clone(remote=remote)


@pytest.mark.parametrize("remote", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1"])
def test_a_trusted_proxy_is_believed(remote: str) -> None:
    assert str(external_url(request(remote))) == "https://radio.example"


@pytest.mark.parametrize("remote", ["192.168.0.1", "::ffff:11.0.0.1", "fd00::2", "", "/run/socket"])
def test_nobody_else_is(remote: str) -> None:
    assert str(external_url(request(remote))) == "http://inner:9999"


def test_of_several_values_the_proxys_own_counts() -> None:
    headers = FORWARDED | {"X-Forwarded-Host": "evil.example, radio.example"}
    assert str(external_url(request("10.0.0.1", headers))) == "https://radio.example"


def test_an_ipv6_host_with_a_port_is_kept() -> None:
    assert str(external_url(request("1.2.3.4", {"Host": "[::1]:9999"}))) == "http://[::1]:9999"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "a b"},
        {"Host": "user@radio.example"},
        {"Host": "radio.example/x"},
        {"Host": "radio.example", "X-Forwarded-Proto": "javascript"},
    ],
)
def test_what_is_no_host_or_scheme_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        external_url(request("10.0.0.1", headers))


def test_a_network_that_is_none_is_told_at_the_start() -> None:
    with pytest.raises(ValueError, match="not-an-address"):
        parse_networks(["not-an-address"])
