"""What every spool must do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audio_stream.domain.errors import RecordingGone
from audio_stream.domain.ids import StationSlug, new_recording_id
from audio_stream.domain.recordings import Recording
from audio_stream.domain.titles import Title
from audio_stream.usecases.ports import Spool, SpoolFile

STARTED = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


def a_recording(started_at: datetime = STARTED) -> Recording:
    return Recording(
        id=new_recording_id(),
        station=StationSlug("main"),
        title=Title("Gruß 🎙"),
        live=True,
        claimed_type="audio/webm",
        started_at=started_at,
    )


async def begun(spool: Spool) -> tuple[Recording, SpoolFile]:
    """Return a recording that takes sound."""
    recording = a_recording()
    await spool.create(recording)
    return recording, await spool.open(recording.id)


class SpoolContract(ABC):
    @abstractmethod
    def opened(self, folder: Path) -> AbstractAsyncContextManager[Spool]:
        """Return the spool to be held to the contract."""

    def opened_again(self, spool: Spool, folder: Path) -> AbstractAsyncContextManager[Spool]:  # noqa: ARG002 - for one that forgets
        """Return a spool on what the other one keeps."""
        return self.opened(folder)

    async def test_a_new_recording_is_empty(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as spool:
            recording = a_recording()
            await spool.create(recording)
            assert await spool.size_bytes(recording.id) == 0
            assert await spool.list_recordings() == [recording]

    async def test_appends_follow_each_other(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as spool:
            recording, file = await begun(spool)
            await file.append(b"one", sync=False)
            await file.append(b"", sync=True)
            await file.append(b"two", sync=True)
            assert file.size_bytes == 6
            assert await spool.size_bytes(recording.id) == 6
            assert b"".join([piece async for piece in spool.read(recording.id)]) == b"onetwo"
            await file.close()
            again = await spool.open(recording.id)
            assert again.size_bytes == 6
            await again.close()

    async def test_a_sync_that_is_not_waited_for_ends_all_the_same(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as spool:
            _, file = await begun(spool)
            await file.append(b"one", sync=False)
            await file.sync(within_s=0.0)
            await file.append(b"two", sync=False)
            assert file.kept_bytes <= file.size_bytes == 6
            await file.sync()
            assert file.kept_bytes == 6
            await file.close()

    async def test_a_note_is_replaced_whole(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as spool:
            recording = a_recording()
            await spool.create(recording)
            finished = replace(recording.finish(0), version=7)
            await spool.annotate(finished)
            assert await spool.list_recordings() == [finished]

    async def test_what_is_not_there_cannot_be_opened(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as spool:
            with pytest.raises(RecordingGone):
                await spool.open(new_recording_id())
            assert await spool.size_bytes(new_recording_id()) is None

    async def test_removing_twice_is_fine(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as spool:
            recording = a_recording()
            await spool.create(recording)
            await spool.remove(recording.id)
            await spool.remove(recording.id)
            assert await spool.list_recordings() == []

    async def test_recordings_are_listed_oldest_first(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as spool:
            recordings = [a_recording(STARTED - timedelta(hours=hours)) for hours in (0, 2, 1)]
            for recording in recordings:
                await spool.create(recording)
            listed = [recording.started_at for recording in await spool.list_recordings()]
            assert listed == sorted(listed)

    async def test_a_stations_bytes_are_counted(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as spool:
            one, two, elsewhere = (a_recording() for _ in range(3))
            elsewhere = replace(elsewhere, station=StationSlug("jazz"))
            for recording in (one, two, elsewhere):
                await spool.create(recording)
                file = await spool.open(recording.id)
                await file.append(b"four", sync=True)
                await file.close()
            file = await spool.open(two.id)
            await file.append(b" more", sync=True)
            await file.close()
            assert spool.station_bytes(one.station) == 13
            await spool.remove(one.id)
            await spool.remove(one.id)
            assert spool.station_bytes(one.station) == 9
            assert spool.station_bytes(elsewhere.station) == 4
            assert spool.station_bytes(StationSlug("unheard-of")) == 0

    async def test_bytes_that_were_there_before_are_counted(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as spool:
            recording, file = await begun(spool)
            await file.append(b"four", sync=True)
            await file.close()
            async with self.opened_again(spool, tmp_path) as again:
                assert again.station_bytes(recording.station) == 4

    async def test_all_are_noted(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as spool:
            await spool.create(a_recording())
            assert await spool.list_unnoted() == []

    async def test_a_growing_file_is_copied_to_the_byte(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as spool:
            recording, file = await begun(spool)
            await file.append(bytes(range(256)) * 2048, sync=True)
            target = tmp_path / "copy"
            await spool.copy(recording.id, target, 300_001)
            assert target.read_bytes() == (bytes(range(256)) * 2048)[:300_001]
            await file.close()

    async def test_reading_gives_pieces_of_at_most_256_kib(self, tmp_path: Path) -> None:
        async with self.opened(tmp_path) as spool:
            recording, file = await begun(spool)
            await file.append(b"x" * 700_000, sync=True)
            sizes = [len(piece) async for piece in spool.read(recording.id)]
            assert max(sizes) <= 256 * 1024
            assert sum(sizes) == 700_000
            await file.close()
