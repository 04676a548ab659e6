"""Any sequence of requests, cuts and restarts, held against a model of what tus promises."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp.test_utils import TestClient
from dependency_injector import providers
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from audio_stream.domain.ids import TrackId
from audio_stream.infrastructure.app import make_app
from audio_stream.infrastructure.container import Container
from audio_stream.infrastructure.settings import Settings
from fakes.memory_catalog import MemoryCatalog
from fakes.memory_clock import MemoryClock
from fakes.memory_media import MemoryMediaTool
from fakes.quick_files import QuickFiles
from fakes.sounds import ogg
from served import TUS, Product, ServerAsItRuns

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aiohttp import ClientResponse

    from audio_stream.usecases.append_chunk import AppendChunk, Appended

SOUND = ogg(200_000)
LONGEST = 3_000
"""Of one chunk."""


@dataclass(eq=False)
class Model:
    """A recording as the protocol has it: bytes are appended at the end, until it is finished."""

    path: str
    length: int | None
    size: int = 0
    finished: bool = False
    gone: bool = False

    def append(self, offset: int, count: int, length: int | None) -> int:
        """Take a chunk; return the status it must get."""
        if self.gone:
            return 410
        if self.finished and length not in (None, self.size):
            return 400
        if offset != self.size or (self.finished and count):
            return 204 if offset == self.size and not count else 409
        if length is not None and (self.length not in (None, length) or length < self.size):
            return 400
        end = self.length if length is None else length
        if end is not None and self.size + count > end:
            return 413
        self.size, self.length = self.size + count, end
        self.finished = self.size == end
        return 204


class World:
    """The app on one data folder, in one process after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._catalog = MemoryCatalog()
        self._begun, self._ended = asyncio.Event(), asyncio.Event()
        self.clock = MemoryClock()
        self.product: Product

    async def start(self) -> None:
        media = MemoryMediaTool()
        container = Container(
            settings=Settings(data_dir=self._folder, disk_reserve=0, shutdown_timeout_s=0.1),
            media=providers.Object(media),
            catalog=providers.Object(Opened(self._catalog)),
            clock=providers.Object(self.clock),
            files=providers.Object(QuickFiles()),
        )
        self._watch(container.append_chunk())
        client: TestClient[Any, Any] = TestClient(ServerAsItRuns(make_app(container)))
        await client.start_server()
        self.product = Product(container, client, media)
        await container.resume_work().execute()  # what goes on behind the port is over then

    async def stop(self) -> None:
        await self.product.client.close()

    def _watch(self, append_chunk: AppendChunk) -> None:
        """Know when an append begins and ends: who hangs up is not told."""
        execute = append_chunk.execute

        async def watched(**chunk: Any) -> Appended:  # noqa: ANN401 - whatever it takes
            self._begun.set()
            try:
                return await execute(**chunk)
            finally:
                self._ended.set()

        vars(append_chunk)["execute"] = watched

    async def look(self) -> None:
        """Do what is done from time to time."""
        container = self.product.container
        await container.interrupt_recordings().execute()
        await self.product.settle()
        await container.expire_recordings().execute()

    async def cut(self, model: Model, count: int, kept: int, *, reset: bool, checked: bool) -> None:
        """Send the beginning of a chunk and hang up."""
        piece = SOUND[model.size : model.size + count]
        head = f"PATCH {model.path} HTTP/1.1\r\nHost: here\r\nTus-Resumable: 1.0.0\r\n"
        head += f"Content-Type: application/offset+octet-stream\r\nContent-Length: {count}\r\n"
        head += f"Upload-Offset: {model.size}\r\n"
        if checked:
            head += f"Upload-Checksum: {checksum_of(piece)}\r\n"
        self._begun.clear()
        self._ended.clear()
        _, writer = await asyncio.open_connection(*self.product.address)
        writer.write(head.encode() + b"\r\n" + piece[:kept])
        await self._begun.wait()
        if reset:
            hard = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, hard)
        writer.close()
        await self._ended.wait()


class Opened:
    """A catalog that a process may open: it is in memory, and outlives it."""

    def __init__(self, catalog: MemoryCatalog) -> None:
        self._catalog = catalog

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - stands for every method
        return getattr(self._catalog, name)

    async def __aenter__(self) -> MemoryCatalog:
        return self._catalog

    async def __aexit__(self, *_: object) -> None:
        pass


def checksum_of(data: bytes) -> str:
    return f"sha256 {base64.b64encode(hashlib.sha256(data).digest()).decode()}"


class Ingest(RuleBasedStateMachine):
    recordings = Bundle("recordings")
    counts = st.integers(0, LONGEST)

    def __init__(self) -> None:
        super().__init__()
        self.models: list[Model] = []
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.world = World(Path(self.folder.name))

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever it gives
        return self.loop.run_until_complete(asyncio.wait_for(coroutine, 30))

    @initialize()
    def start(self) -> None:
        self.run(self.world.start())

    def teardown(self) -> None:
        try:
            self.run(self.check_all())
        finally:
            self.run(self.world.stop())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()
            self.folder.cleanup()

    # -- requests

    @rule(target=recordings, length=st.none() | st.integers(4, 2 * LONGEST))
    def create(self, length: int | None) -> Model:
        model = Model(self.run(self.world.product.begin(length, live="false")), length)
        self.models.append(model)
        return model

    @rule(model=recordings, count=counts)
    def append(self, model: Model, count: int) -> None:
        self.patch(model, model.size, count)

    @rule(model=recordings, count=counts)
    def append_checked(self, model: Model, count: int) -> None:
        checksum = checksum_of(SOUND[model.size : model.size + count])
        self.patch(model, model.size, count, Upload_Checksum=checksum)

    @rule(model=recordings, back=st.integers(1, LONGEST), count=st.integers(1, LONGEST))
    def duplicate(self, model: Model, back: int, count: int) -> None:
        if back <= model.size:
            self.patch(model, model.size - back, count)

    @rule(model=recordings, ahead=st.integers(1, LONGEST), count=st.integers(1, LONGEST))
    def gap(self, model: Model, ahead: int, count: int) -> None:
        self.patch(model, model.size + ahead, count)

    @rule(model=recordings, count=counts, beyond=st.just(0) | st.integers(-LONGEST, LONGEST))
    def finish(self, model: Model, count: int, beyond: int) -> None:
        """Declare the end, mostly where this chunk ends."""
        length = model.size + count + beyond
        if length >= len("OggS"):  # less is no audio
            self.patch(model, model.size, count, length=length)

    @rule(model=recordings, count=st.integers(1, LONGEST))
    def damage(self, model: Model, count: int) -> None:
        """Send a chunk with the checksum of another one."""
        expected = Model(**vars(model)).append(model.size, count, None)
        response = self.request(model, model.size, count, Upload_Checksum=checksum_of(b"other"))
        assert response.status == (460 if expected == 204 else expected)

    @precondition(lambda self: any(not m.finished and not m.gone for m in self.models))
    @rule(data=st.data(), reset=st.booleans(), checked=st.booleans())
    def cut(self, data: st.DataObject, *, reset: bool, checked: bool) -> None:
        """Hang up in the middle of a chunk: of a checked one nothing stays, else its beginning."""
        model = data.draw(st.sampled_from([m for m in self.models if not (m.finished or m.gone)]))
        longest = LONGEST if model.length is None else min(LONGEST, model.length - model.size)
        count = data.draw(st.integers(1, longest))
        kept = data.draw(st.integers(0, count - 1))
        self.run(self.world.cut(model, count, kept, reset=reset, checked=checked))
        told = self.run(self.world.product.offset(model.path))
        stayed = 0 if checked else kept
        assert model.size + (0 if reset else stayed) <= told <= model.size + stayed
        model.size = told

    @rule(model=recordings)
    def head(self, model: Model) -> None:
        response = self.run(self.world.product.client.head(model.path, headers=TUS))
        assert response.status == (410 if model.gone else 200)
        if not model.gone:
            assert int(response.headers["Upload-Offset"]) == model.size
            length = response.headers.get("Upload-Length")
            assert length == (None if model.length is None else str(model.length))

    @rule(model=recordings)
    def discard(self, model: Model) -> None:
        response = self.run(self.world.product.client.delete(model.path, headers=TUS))
        assert response.status in ((204, 410) if model.gone else (204,))
        model.gone = True

    # -- the world

    @rule()
    def restart(self) -> None:
        self.run(self.world.stop())
        self.run(self.world.start())

    @rule()
    def fall_silent(self) -> None:
        """Let every source pause for so long that the recordings are interrupted."""
        self.world.clock.advance(self.settings.silence_s + 1)
        self.run(self.world.look())

    @rule()
    def expire(self) -> None:
        """Let every source stay away for longer than it may."""
        self.fall_silent()
        self.world.clock.advance(self.settings.resume_window_s + 1)
        self.run(self.world.look())
        for model in self.models:
            model.gone |= not model.finished

    # -- what holds

    @invariant()
    def offsets_are_files_sizes(self) -> None:
        """Hold each spool file to what was sent."""
        spool = Path(self.folder.name, "spool")
        for model in self.models:
            file = spool / f"{model.path.rpartition('/')[2]}.audio"
            if not (model.gone or model.finished):
                assert file.read_bytes() == SOUND[: model.size]

    async def check_all(self) -> None:
        """Hold the library to the model: a whole track of every finished recording."""
        product = self.world.product
        await product.settle()
        for model in self.models:
            if model.finished and not model.gone:
                path = model.path.replace("/api/recordings/", "/tracks/")
                response = await product.client.get(f"{path}/audio")
                assert await response.read() == SOUND[: model.size]
            elif model.finished:
                track_id = TrackId(model.path.rpartition("/")[2])
                assert (await product.client.get(f"/api/tracks/{track_id}")).status == 404

    # -- helpers of the rules

    @property
    def settings(self) -> Settings:
        found: Settings = self.world.product.container.settings()
        return found

    def request(self, model: Model, offset: int, count: int, **headers: str) -> ClientResponse:
        piece = SOUND[offset : offset + count]
        response: ClientResponse = self.run(
            self.world.product.append(model.path, offset, piece, **headers)
        )
        return response

    def patch(
        self, model: Model, offset: int, count: int, length: int | None = None, **headers: str
    ) -> None:
        """Append, and hold the answer to the model's."""
        expected = model.append(offset, count, length)
        if length is not None:
            headers["Upload_Length"] = str(length)
        response = self.request(model, offset, count, **headers)
        assert response.status == expected
        if expected in (204, 409):
            assert response.headers["Upload-Offset"] == str(model.size)


TestIngest = Ingest.TestCase
TestIngest.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
