"""A source without a browser: sound as it is made, on a line that is as bad as the test wants."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout

from generators.webm import Block, WebM, el, opus_packet, uint
from served import CHUNK, TUS, metadata, path_of

if TYPE_CHECKING:
    from collections.abc import Callable

_PACKET_S = 0.02
_BATCH_S = 0.04
_PATIENCE_S = 10
_NOISE = bytes(range(1, 60))


class LiveSource:
    """Sends 20 ms packets, what is ready each 40 ms, while it is entered."""

    def __init__(self, address: str, station: str = "main") -> None:
        self._address = address
        self._station = station
        self.is_cut = False
        """Nothing goes out while this is so; sound is made all the same."""
        self.late_s: Callable[[], float] = float
        """By how much the next request is late."""
        self._requests = asyncio.Condition()
        self._late = 0
        self._is_over = False

    async def __aenter__(self) -> Self:
        patience = ClientTimeout(total=_PATIENCE_S)
        self._http = await ClientSession(self._address, timeout=patience).__aenter__()
        how = TUS | {"Upload-Defer-Length": "1"} | metadata(station=self._station)
        async with self._http.post("/api/recordings", headers=how) as response:
            assert response.status == 201, await response.text()
            self._path = path_of(response)
        self._sent = 0
        self._unsent = WebM(()).initialization()
        self._sending = asyncio.create_task(self._send())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over = True
        await self._sending
        with suppress(ClientConnectionError, TimeoutError):
            end = CHUNK | {"Upload-Offset": str(self._sent), "Upload-Length": str(self._sent)}
            await self._http.patch(self._path, headers=end)
        await self._http.close()

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        start_s, packets = loop.time(), 0
        while not self._is_over:
            while packets * _PACKET_S <= loop.time() - start_s:
                self._unsent += _cluster(round(1000 * packets * _PACKET_S))
                packets += 1
            await self._hold_back(self.late_s())
            if not self.is_cut:
                await self._append()
            await asyncio.sleep(_BATCH_S)

    async def more_late(self, count: int) -> None:
        """Return when so many more requests have been late."""
        async with self._requests:
            end = self._late + count
            await self._requests.wait_for(lambda: self._late >= end)

    async def _hold_back(self, late_s: float) -> None:
        if late_s > 0:
            await asyncio.sleep(late_s)
            async with self._requests:
                self._late += 1
                self._requests.notify_all()

    async def _append(self) -> None:
        """Send what is unsent; a server that is away is asked, when it is back, what it has."""
        body, headers = self._unsent, CHUNK | {"Upload-Offset": str(self._sent)}
        with suppress(ClientConnectionError, TimeoutError):
            async with self._http.patch(self._path, data=body, headers=headers) as response:
                if response.status == 204:
                    self._sent += len(body)
                    self._unsent = b""
                elif response.status == 409:
                    kept = int(response.headers["Upload-Offset"])
                    self._unsent = body[kept - self._sent :]
                    self._sent = kept


def _cluster(time_ms: int) -> bytes:
    packet = Block(time_ms, opus_packet(_NOISE)).element(1, 0)
    return el("1F43B675", el("E7", uint(time_ms)), packet)
