"""A PATCH written by hand: no client library sends half of one."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from served import Product


class RawPatch:
    """A PATCH whose bytes go out when the test says so. Leaving it cuts the connection."""

    def __init__(
        self, product: Product, path: str, *headers: str, offset: int = 0, body: bytes = b""
    ) -> None:
        lines = [
            f"PATCH {path} HTTP/1.1",
            "Host: localhost",
            "Tus-Resumable: 1.0.0",
            "Content-Type: application/offset+octet-stream",
            f"Upload-Offset: {offset}",
            *headers,
        ]
        self._request = "\r\n".join([*lines, "", ""]).encode() + body
        self._address = product.address

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        self._writer.write(self._request)
        await self._writer.drain()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def status(self) -> int:
        line = await self._reader.readline()
        return int(line.split()[1])
