"""The server killed again and again under sources that log what they were told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import random
import secrets
import signal
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import (
    ClientConnectionError,
    ClientPayloadError,
    ClientSession,
    ServerDisconnectedError,
)

from ffmpeg_probe import SAMPLES, payloads
from integration.forked import Forked, Forks

SOUNDS = tuple(
    SAMPLES / name for name in ("chromium-20ms.webm", "firefox-1000ms.ogg", "safari-like.mp4")
)
SOURCES_AT_ONCE = 2
_TUS = {"Tus-Resumable": "1.0.0"}
_CHUNK = _TUS | {"Content-Type": "application/offset+octet-stream"}
_GONE = (ClientConnectionError, ClientPayloadError, ServerDisconnectedError, ConnectionError)


class Lost(AssertionError):
    """Something that was acknowledged is not there."""


@dataclass
class Source:
    """A recording as its source knows it."""

    sound: Path
    data: bytes
    id: str | None = None
    acknowledged: int = 0
    finished: bool = False


@dataclass
class Figures:
    """What was done, for people."""

    kills: Counter[str] = field(default_factory=Counter)
    acknowledgements: int = 0
    recordings: int = 0
    bytes_kept: int = 0

    def add(self, other: Figures) -> None:
        """Count another run's too."""
        self.kills += other.kills
        self.acknowledgements += other.acknowledgements
        self.recordings += other.recordings
        self.bytes_kept += other.bytes_kept


class Killing:
    """Sources that go on whatever happens, and a server to which it happens.

    The data folder is the same throughout. A second name (a hard link) keeps each spool file that
    the server removes in the end.
    """

    def __init__(self, forks: Forks, folder: Path, seed: int) -> None:
        self._forks = forks
        self._data_dir = folder / "data"
        self._kept = folder / "kept"
        self._kept.mkdir()
        self._random = random.Random(seed)
        self._sources: list[Source] = []
        self._told = asyncio.Condition()
        self._moments: Counter[str] = Counter()
        self.figures = Figures()

    async def round(self) -> None:
        """Start the server, let sources send, kill it, and look at what is on the disk."""
        server = await asyncio.to_thread(self._forks.serve, self._data_dir)
        async with ClientSession(server.address) as session, asyncio.TaskGroup() as sending:
            self._moments.clear()
            sources = self._in_flight()
            for source in sources:
                sending.create_task(self._send(session, source))
            self.figures.kills[await self._wait_for_a_moment(len(sources))] += 1
            await asyncio.to_thread(server.kill)
        self._check_spool()

    async def settle(self) -> None:
        """Let every source finish and every track be made, and hold all of it to what was told."""
        server = await asyncio.to_thread(self._forks.serve, self._data_dir)
        async with ClientSession(server.address) as session:
            unfinished = [source for source in self._sources if not source.finished]
            await asyncio.gather(*(self._send(session, source) for source in unfinished))
            await self._wait_for_tracks(session)
            await self._check_tracks(session)
        await asyncio.to_thread(self._end, server)
        self._check_files()

    # -- sources

    def _in_flight(self) -> list[Source]:
        """Return the unfinished ones, and so many new ones that there are always some."""
        unfinished = [source for source in self._sources if not source.finished]
        for _ in range(SOURCES_AT_ONCE - len(unfinished)):
            sound = self._random.choice(SOUNDS)
            source = Source(sound, sound.read_bytes())
            self._sources.append(source)
            unfinished.append(source)
        return unfinished

    async def _send(self, session: ClientSession, source: Source) -> None:
        """Go on with a recording until it is finished or the server is gone."""
        with suppress(*_GONE):
            if source.id is None:
                await self._begin(session, source)
            else:
                await self._ask(session, source)
            while not source.finished:
                await self._append(session, source)
        await self._tell("ended")

    async def _begin(self, session: ClientSession, source: Source) -> None:
        station = base64.b64encode(secrets.token_hex(4).encode()).decode()  # each has its own
        headers = _TUS | {"Upload-Defer-Length": "1", "Upload-Metadata": f"station {station}"}
        async with session.post("/api/recordings", headers=headers) as response:
            _expect(response.status == 201, f"POST: {response.status}")
            source.id = response.headers["Location"].rpartition("/")[2]
        os.link(self._spool_file(source), self._kept / source.id)
        self.figures.recordings += 1
        await self._tell("began")

    async def _ask(self, session: ClientSession, source: Source) -> None:
        async with session.head(f"/api/recordings/{source.id}", headers=_TUS) as response:
            _expect(response.status == 200, f"HEAD {source.id}: {response.status}")
            offset = int(response.headers["Upload-Offset"])
            _expect(
                source.acknowledged <= offset <= len(source.data),
                f"{source.id} is at {offset}, and {source.acknowledged} were acknowledged",
            )
            source.acknowledged = offset
            source.finished = response.headers.get("Upload-Length") == str(offset)

    async def _append(self, session: ClientSession, source: Source) -> None:
        start = source.acknowledged
        piece = source.data[start : start + self._random.randint(1_000, 12_000)]
        end = start + len(piece)
        headers = _CHUNK | {"Upload-Offset": str(start)}
        if end == len(source.data):
            headers["Upload-Length"] = str(end)
            await self._tell("finishing")
        path = f"/api/recordings/{source.id}"
        async with session.patch(path, data=piece, headers=headers) as response:
            _expect(response.status == 204, f"PATCH {source.id}: {response.status}")
            _expect(response.headers["Upload-Offset"] == str(end), "a chunk is kept whole")
        source.acknowledged = end
        self.figures.acknowledgements += 1
        source.finished = end == len(source.data)
        await self._tell("finished" if source.finished else "recording")

    # -- moments

    async def _tell(self, what: str) -> None:
        async with self._told:
            self._moments[what] += 1
            self._told.notify_all()

    async def _wait_for_a_moment(self, sources: int) -> str:
        """Return the name of what the server is doing now, at one random moment of it."""
        name, event, most, longest_s = self._random.choice(
            [
                ("starting", None, 0, 0.05),
                ("recording", "recording", 20, 0.03),
                ("finishing", "finishing", sources, 0.02),
                ("finalising", "finished", sources, 0.4),
                ("storing", "finished", sources, 1.2),
            ]
        )
        if event is not None:
            wanted = self._random.randint(1, most)
            async with self._told:
                await self._told.wait_for(
                    lambda: self._moments[event] >= wanted or self._moments["ended"] == sources
                )
        await asyncio.sleep(self._random.uniform(0, longest_s))
        return name

    # -- what must be there

    def _check_spool(self) -> None:
        """Hold each spool file to what was sent: its beginning, and all that was acknowledged."""
        for source in self._sources:
            if source.id is None:
                continue
            kept = (self._kept / source.id).read_bytes()
            _expect(
                kept == source.data[: len(kept)], f"{source.id}: the spool is not what was sent"
            )
            _expect(len(kept) >= source.acknowledged, f"{source.id}: {len(kept)} bytes are kept")
            in_spool = self._spool_file(source).exists()
            _expect(in_spool or source.finished or len(kept) == len(source.data), "a file is gone")

    async def _wait_for_tracks(self, session: ClientSession) -> None:
        waiting = {source.id for source in self._sources}
        async with session.get("/api/events") as events:
            await self._strike_off(session, waiting)
            async for line in events.content:
                if line.startswith(b"data:"):
                    await self._strike_off(session, waiting)
                if not waiting:
                    return

    async def _strike_off(self, session: ClientSession, waiting: set[str | None]) -> None:
        for track_id in list(waiting):
            async with session.get(f"/api/tracks/{track_id}") as response:
                if response.status == 404:
                    continue  # the server still takes up what the last one left
                track = await response.json()
            states = {track["state"], *(made["state"] for made in track["renditions"])}
            _expect("failed" not in states, json.dumps(track))
            if states == {"ready"}:
                waiting.discard(track_id)

    async def _check_tracks(self, session: ClientSession) -> None:
        """Hold the library to one whole track for each recording, of the same packets."""
        listed = await _all_tracks(session)
        ids = sorted(source.id or "" for source in self._sources)
        _expect(sorted(track["id"] for track in listed) == ids, "one track of each recording")
        _expect(not any(track["incomplete"] for track in listed), "tracks are whole")
        sent = {sound: await asyncio.to_thread(payloads, sound) for sound in SOUNDS}
        judged: dict[str, list[bytes]] = {}
        for source in self._sources:
            async with session.get(f"/tracks/{source.id}/audio") as response:
                stored = await response.read()
            digest = hashlib.sha256(stored).hexdigest()
            if digest not in judged:
                file = self._kept / "original"
                file.write_bytes(stored)
                judged[digest] = await asyncio.to_thread(payloads, file)
            _expect(judged[digest] == sent[source.sound], f"{source.id}: its packets differ")
            kept = (self._kept / (source.id or "")).read_bytes()
            _expect(kept == source.data, f"{source.id}: the spool was not what was sent")
            self.figures.bytes_kept += len(kept)

    def _end(self, server: Forked) -> None:
        server.send(signal.SIGTERM)
        ended = server.wait()
        _expect(ended.code == 0, ended.stderr)

    def _check_files(self) -> None:
        """Hold the folders to what the tracks own: nothing is left over of all the deaths."""
        library = self._data_dir / "library"
        stored = Counter(
            path.relative_to(library).parts[0] for path in library.rglob("*") if path.is_file()
        )
        each = len(self._sources)
        folders = ("originals", "mp3", "waveforms", "tracks")
        _expect(stored == dict.fromkeys(folders, each), f"{each} tracks, and {stored}")
        # A recording that was created as the server died is nobody's, and empty.
        spooled = (self._data_dir / "spool").glob("*.audio")
        _expect(not any(path.stat().st_size for path in spooled), "the spool is empty")

    def _spool_file(self, source: Source) -> Path:
        return self._data_dir / "spool" / f"{source.id}.audio"


async def _all_tracks(session: ClientSession) -> Sequence[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        async with session.get("/api/tracks", params={"limit": "50"} | cursor) as response:
            page = await response.json()
        found += page["tracks"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Lost(otherwise)
