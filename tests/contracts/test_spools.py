"""Every spool held to its contract, and the folder one to a failing disk."""

from __future__ import annotations

import asyncio
import errno
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path

import pytest
import structlog

from audio_stream.adapters.files import Files
from audio_stream.adapters.spool import folder_spool_file
from audio_stream.adapters.spool.folder_spool import FolderSpool
from audio_stream.adapters.spool.folder_spool_file import Fsync
from audio_stream.domain.errors import StorageFull, SyncFailed
from audio_stream.usecases.ports import Spool, SpoolFile
from contracts.spool_contract import SpoolContract, a_recording, begun
from fakes.faulty_files import FaultyFiles
from fakes.memory_spool import MemorySpool
from fakes.troubled_files import TroubledFiles


class TestMemorySpool(SpoolContract):
    def opened(self, folder: Path) -> AbstractAsyncContextManager[Spool]:
        return MemorySpool(folder)

    def opened_again(self, spool: Spool, folder: Path) -> AbstractAsyncContextManager[Spool]:  # noqa: ARG002 - its memory is all there is
        return nullcontext(spool)


class TestFolderSpool(SpoolContract):
    def opened(self, folder: Path) -> AbstractAsyncContextManager[Spool]:
        return FolderSpool(folder / "spool", files=Files())


class TestFolderSpoolSyncingInIntervals(SpoolContract):
    def opened(self, folder: Path) -> AbstractAsyncContextManager[Spool]:
        return FolderSpool(folder / "spool", files=Files(), fsync=Fsync.INTERVAL)


async def test_a_full_disk_takes_nothing_and_the_offset_stays(tmp_path: Path) -> None:
    files = FaultyFiles()
    async with FolderSpool(tmp_path, files=files) as spool:
        recording, file = await begun(spool)
        await file.append(b"kept", sync=True)
        files.fail_at, files.fail_with = len(files.log), errno.ENOSPC
        with pytest.raises(StorageFull):
            await file.append(b"too much", sync=True)
        assert file.size_bytes == 4
        assert await spool.size_bytes(recording.id) == 4
        await file.append(b", and more", sync=True)
        assert spool.path(recording.id).read_bytes() == b"kept, and more"
        await file.close()


async def test_a_failed_sync_is_never_retried_as_if_it_had_worked(tmp_path: Path) -> None:
    files = FaultyFiles()
    async with FolderSpool(tmp_path, files=files) as spool:
        _, file = await begun(spool)
        files.fail_at, files.fail_with = len(files.log) + 1, errno.EIO
        with pytest.raises(SyncFailed):
            await file.append(b"perhaps kept", sync=True)
        with pytest.raises(SyncFailed):
            await file.append(b"more", sync=True)
        with pytest.raises(SyncFailed):
            await file.sync()
        await file.close()


@pytest.mark.parametrize("calls_of_an_append", [1, 2])
async def test_what_a_failed_sync_leaves_in_doubt_is_cut_off(
    tmp_path: Path, calls_of_an_append: int
) -> None:
    files = FaultyFiles()
    async with FolderSpool(tmp_path, files=files) as spool:
        recording, file = await begun(spool)
        await file.append(b"kept", sync=True)
        if calls_of_an_append == 2:
            await file.append(b"perhaps ", sync=False)
        files.fail_at, files.fail_with = len(files.log) + 1, errno.EIO
        with pytest.raises(SyncFailed):
            await file.append(b"kept", sync=True)
        assert file.size_bytes == 4
        assert spool.station_bytes(recording.station) == 4
        assert spool.path(recording.id).read_bytes() == b"kept", "or a restart would believe it"
        await file.close()


async def test_a_file_whose_first_sync_fails_after_a_restart_is_not_cut(tmp_path: Path) -> None:
    files = FaultyFiles()
    async with FolderSpool(tmp_path, files=files) as spool:
        recording, file = await begun(spool)
        await file.append(b"acknowledged", sync=True)
        await file.close()
        file = await spool.open(recording.id)
        files.fail_at, files.fail_with = len(files.log), errno.EIO
        with pytest.raises(SyncFailed):
            await file.sync()
        assert spool.path(recording.id).read_bytes() == b"acknowledged"
        await file.close()


async def test_appends_go_on_beside_a_slow_sync_and_share_the_next(tmp_path: Path) -> None:
    files = TroubledFiles()
    async with FolderSpool(tmp_path, files=files) as spool:
        _, file = await begun(spool)
        files.may_end.clear()
        files.syncs = 0
        for word in (b"one", b"two", b"three"):
            await file.append(word, sync=False)
            await file.sync(within_s=0.01)
        appending = asyncio.ensure_future(file.append(b"four", sync=True))
        while file.size_bytes < 15:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.001)
        assert file.kept_bytes == 0
        files.may_end.set()
        await appending
        assert (file.size_bytes, file.kept_bytes) == (15, 15)
        assert files.syncs == 2, "the first for one, the second for all the others"
        await file.close()


async def test_what_is_appended_beside_a_sync_that_fails_goes_with_it(tmp_path: Path) -> None:
    files = TroubledFiles()
    async with FolderSpool(tmp_path, files=files) as spool:
        recording, file = await begun(spool)
        await file.append(b"kept", sync=True)
        files.may_end.clear()
        await file.append(b", perhaps", sync=False)
        await file.sync(within_s=0.0)
        await file.append(b", not", sync=False)
        files.next_sync_fails = errno.EIO
        files.may_end.set()
        with pytest.raises(SyncFailed):
            await file.sync()
        assert (file.size_bytes, file.kept_bytes) == (4, 4)
        assert spool.path(recording.id).read_bytes() == b"kept"
        with pytest.raises(SyncFailed):
            await file.append(b"more", sync=False)
        assert spool.path(recording.id).read_bytes() == b"kept"
        await file.close()


async def test_closing_waits_for_a_slow_sync(tmp_path: Path) -> None:
    files = TroubledFiles()
    async with FolderSpool(tmp_path, files=files) as spool:
        _, file = await begun(spool)
        files.may_end.clear()
        files.syncs = 0
        await file.append(b"word", sync=False)
        await file.sync(within_s=0.0)
        closing = asyncio.ensure_future(file.close())
        await asyncio.sleep(0.01)
        assert not closing.done()
        files.may_end.set()
        await closing
        assert files.syncs == 1


async def test_below_the_reserve_no_recording_starts(tmp_path: Path) -> None:
    async with FolderSpool(tmp_path, files=Files(), reserve_bytes=2**62) as spool:
        with pytest.raises(StorageFull):
            await spool.create(a_recording())
        assert await spool.list_recordings() == []


async def test_bytes_are_synced_before_an_append_returns(tmp_path: Path) -> None:
    files = FaultyFiles()
    async with FolderSpool(tmp_path, files=files) as spool:
        _, file = await begun(spool)
        before = len(files.log)
        await file.append(b"word", sync=True)
        assert files.log[before:] == ["write_all", "sync_data"]
        await file.close()


async def test_a_new_file_and_its_name_are_synced(tmp_path: Path) -> None:
    files = FaultyFiles()
    async with FolderSpool(tmp_path, files=files) as spool:
        before = len(files.log)
        await spool.create(a_recording())
        log = files.log[before:]
        assert log[-1] == "sync_folder"
        assert log.index("sync_data") < log.index("replace") < log.index("sync_folder")


async def test_fsync_off_never_syncs_appends(tmp_path: Path) -> None:
    files = FaultyFiles()
    async with FolderSpool(tmp_path, files=files, fsync=Fsync.OFF) as spool:
        _, file = await begun(spool)
        before = len(files.log)
        await file.append(b"word", sync=True)
        await file.sync()
        assert "sync_data" not in files.log[before:]
        await file.close()


async def test_an_interval_owed_is_paid_on_closing(tmp_path: Path) -> None:
    files = FaultyFiles()
    async with FolderSpool(tmp_path, files=files, fsync=Fsync.INTERVAL) as spool:
        _, file = await begun(spool)
        before = len(files.log)
        await file.append(b"word", sync=True)
        assert "sync_data" not in files.log[before:]
        await file.close()
        assert "sync_data" in files.log[before:]


async def test_what_an_interval_owes_is_paid_within_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_spool_file, "SYNC_INTERVAL_S", 0.0)
    loop, synced, sync = asyncio.get_running_loop(), asyncio.Event(), Files.sync_data

    def sync_and_tell(files: Files, descriptor: int) -> None:
        sync(files, descriptor)
        loop.call_soon_threadsafe(synced.set)

    async with FolderSpool(tmp_path, files=Files(), fsync=Fsync.INTERVAL) as spool:
        _, file = await begun(spool)
        monkeypatch.setattr(Files, "sync_data", sync_and_tell)
        await file.append(b"word", sync=True)
        async with asyncio.timeout(60):
            await synced.wait()
        await file.close()


async def test_an_interval_that_cannot_be_paid_is_told_at_the_next_append(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def append_on_and_on(file: SpoolFile) -> None:
        while True:
            await file.append(b"", sync=True)

    def fail(_files: Files, _descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(folder_spool_file, "SYNC_INTERVAL_S", 0.0)
    async with FolderSpool(tmp_path, files=Files(), fsync=Fsync.INTERVAL) as spool:
        recording, file = await begun(spool)
        monkeypatch.setattr(Files, "sync_data", fail)
        await file.append(b"acknowledged", sync=True)
        with pytest.raises(SyncFailed):
            await asyncio.wait_for(append_on_and_on(file), 60)
        await file.close()
        assert spool.path(recording.id).read_bytes() == b"acknowledged"


async def test_what_a_crash_left_half_written_is_swept(tmp_path: Path) -> None:
    (tmp_path / "~0123").write_bytes(b"half a note")
    with structlog.testing.capture_logs() as lines:
        async with FolderSpool(tmp_path, files=Files()):
            assert not (tmp_path / "~0123").exists()
    assert [line["subject"] for line in lines] == ["~0123"]


async def test_a_note_whose_bytes_are_gone_is_swept(tmp_path: Path) -> None:
    async with FolderSpool(tmp_path, files=Files()) as spool:
        recording = a_recording()
        await spool.create(recording)
        spool.path(recording.id).unlink()
    async with FolderSpool(tmp_path, files=Files()):
        assert not (tmp_path / f"{recording.id}.json").exists()


async def test_a_nearly_full_disk_is_trouble(tmp_path: Path) -> None:
    async with FolderSpool(tmp_path, files=Files()) as spool:
        assert await spool.trouble() is None
    async with FolderSpool(tmp_path, files=Files(), reserve_bytes=2**62) as spool:
        assert "nearly full" in (await spool.trouble() or "")


async def test_a_note_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    async with FolderSpool(tmp_path, files=Files()) as spool:
        damaged, whole = a_recording(), a_recording()
        await spool.create(damaged)
        await spool.create(whole)
        (tmp_path / f"{damaged.id}.json").write_bytes(b"{")
        assert await spool.list_recordings() == [whole]
        assert await spool.list_unnoted() == [damaged.id]
        await spool.annotate(damaged)
        assert await spool.list_unnoted() == []
