"""A source that sends a file as if it were recording it right now, by plain tus requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from served import CHUNK, TUS, metadata, path_of

if TYPE_CHECKING:
    from aiohttp import ClientSession

_EVERY_S = 0.2


async def go_on_air(http: ClientSession, station: str, sound: bytes, *, duration_s: float) -> None:
    """Send as many bytes of `sound` a second as it has, until all are sent."""
    how = TUS | {"Upload-Defer-Length": "1"} | metadata(station=station, title=f"On {station}")
    async with http.post("/api/recordings", headers=how) as response:
        assert response.status == 201, await response.text()
        path = path_of(response)
    loop = asyncio.get_running_loop()
    start_s, offset = loop.time(), 0
    while offset < len(sound):
        passed_s = loop.time() - start_s + _EVERY_S
        until = min(len(sound), int(len(sound) * passed_s / duration_s))
        headers = CHUNK | {"Upload-Offset": str(offset)}
        async with http.patch(path, data=sound[offset:until], headers=headers) as response:
            assert response.status == 204, await response.text()
        offset = until
        await asyncio.sleep(_EVERY_S)
