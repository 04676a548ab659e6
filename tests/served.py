"""The app as a test sees it: a client, and what ingest needs to be told."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from audio_stream.domain.ids import RecordingId
from audio_stream.infrastructure.app import SERVER_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import ClientResponse
    from aiohttp.test_utils import TestClient

    from audio_stream.infrastructure.container import Container
    from fakes.memory_media import MemoryMediaTool

NOTHING: Mapping[str, str] = {}
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = TUS | {"Content-Type": "application/offset+octet-stream"}


def metadata(**pairs: str) -> dict[str, str]:
    """Return the header that carries these pairs."""
    coded = (f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in pairs.items())
    return {"Upload-Metadata": ",".join(coded)}


class ServerAsItRuns(TestServer):
    """A test server that does not cancel the handlers of clients that leave."""

    async def _make_runner(self, **_: Any) -> web.BaseRunner:  # noqa: ANN401 - the base's options
        return web.AppRunner(self.app, access_log=None, **SERVER_OPTIONS)


class Product:
    """A running app, and its client."""

    def __init__(
        self, container: Container, client: TestClient[Any, Any], media: MemoryMediaTool
    ) -> None:
        self.container = container
        self.client = client
        self.media = media

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, for connections that are no HTTP client's."""
        port = self.client.port
        assert port is not None
        return self.client.host, port

    @property
    def connections(self) -> int:
        """How many connections aiohttp has."""
        runner = self.client.server.runner
        assert runner is not None
        assert runner.server is not None
        return len(runner.server.connections)

    async def begin(
        self, length_bytes: int | None = None, told: Mapping[str, str] = NOTHING, **pairs: str
    ) -> str:
        """Create a recording; return its path."""
        how = {"Upload-Defer-Length": "1"}
        if length_bytes is not None:
            how = {"Upload-Length": str(length_bytes)}
        response = await self.client.post(
            "/api/recordings", headers=TUS | how | metadata(**told, **pairs)
        )
        assert response.status == 201, await response.text()
        return path_of(response)

    async def append(
        self,
        path: str,
        offset: int,
        data: Any = b"",  # noqa: ANN401 - any body
        **headers: str,
    ) -> ClientResponse:
        """PATCH; underscores in the headers' names stand for dashes."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.patch(
            path, data=data, headers=CHUNK | {"Upload-Offset": str(offset)} | more
        )

    async def offset(self, path: str) -> int:
        """Ask where to go on."""
        response = await self.client.head(path, headers=TUS)
        assert response.status == 200
        return int(response.headers["Upload-Offset"])

    async def record(self, data: bytes, **pairs: str) -> str:
        """Upload a file whole; return its track's id once nothing is left to do."""
        path = await self.begin(len(data), NOTHING, **pairs)
        response = await self.append(path, 0, data)
        assert response.status == 204, await response.text()
        await self.settle()
        return path.rsplit("/", 1)[1]

    async def settle(self) -> None:
        """Wait until no work is left in the background."""
        await self.container.work().idle()

    async def until(self, path: str, **fields: object) -> None:
        """Return once the JSON at `path` says so. Asking is all that a client can do."""
        async with asyncio.timeout(60):
            while True:
                response = await self.client.get(path)
                if response.ok and (await response.json()).items() >= fields.items():
                    return
                await asyncio.sleep(0.01)

    async def until_stored(self, path: str) -> None:
        """Return once there is a track of the recording at `path` that plays, and its MP3."""
        await self.until(path.replace("/recordings/", "/tracks/"), state="ready")
        await self.settle()

    async def stored(self, path: str) -> bytes:
        """Return what the library plays of the recording at `path`, once it does."""
        await self.until_stored(path)
        response = await self.client.get(f"{path.replace('/api/recordings/', '/tracks/')}/audio")
        assert response.status == 200
        return await response.read()

    async def fall_silent(self, path: str) -> None:
        """Let the source of the recording at `path` be silent for longer than is waited for."""
        opened = self.container.open_recordings().peek(RecordingId(path.rsplit("/", 1)[1]))
        assert opened is not None
        opened.last_sign_of_life_s -= self.container.settings().silence_s + 1
        await self.container.interrupt_recordings().execute()

    async def json(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """GET something that is there."""
        response = await self.client.get(path)
        assert response.status == 200, await response.text()
        return await response.json()


def path_of(response: ClientResponse) -> str:
    """Return the path of the recording that was created."""
    return URL(response.headers["Location"]).path


async def problem_of(response: ClientResponse, status: int) -> dict[str, Any]:
    """Return the problem details of a response that must have this status."""
    assert response.status == status, await response.text()
    assert response.content_type == "application/problem+json"
    body: dict[str, Any] = await response.json(content_type="application/problem+json")
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


class Serve(Protocol):
    """Starts an app with such settings."""

    async def __call__(self, **settings: Any) -> Product: ...  # noqa: ANN401 - any setting
