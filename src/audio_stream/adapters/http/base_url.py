"""The address under which a client reached us, also through a proxy that is trusted."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

from audio_stream.domain.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

Networks = tuple[IPv4Network | IPv6Network, ...]

TRUSTED_PROXIES: web.AppKey[Networks] = web.AppKey("trusted_proxies", tuple)
"""Where proxies sit whose `X-Forwarded-Proto` and `X-Forwarded-Host` are believed."""

_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


def parse_networks(texts: Iterable[str]) -> Networks:
    """Return addresses and networks such as `10.0.0.0/8`. Raises ValueError."""
    return tuple(ip_network(text, strict=False) for text in texts)


def external_url(request: web.Request) -> URL:
    """Return the origin (scheme, host and port) that the client used. Raises InvalidRequest."""
    scheme, host = request.scheme, request.host
    if _comes_from_trusted_proxy(request):
        # Of several values the last is the trusted proxy's own; those before came to it.
        scheme = _last(request, "X-Forwarded-Proto") or scheme
        host = _last(request, "X-Forwarded-Host") or host
    if scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise InvalidRequest("The request does not say properly which host it is for.")
    return URL(f"{scheme}://{host}")


def _comes_from_trusted_proxy(request: web.Request) -> bool:
    networks = request.app.get(TRUSTED_PROXIES, ())
    if not networks or not request.remote:
        return False
    try:
        address = ip_address(request.remote)
    except ValueError:
        return False  # a Unix socket's name
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


def _last(request: web.Request, header: str) -> str:
    values = ",".join(request.headers.getall(header, []))
    return values.rsplit(",", 1)[-1].strip()
