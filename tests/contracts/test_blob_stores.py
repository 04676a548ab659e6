"""The blob stores keep their contract; the one on disk survives what disks do."""

from __future__ import annotations

import asyncio
import errno
import threading
from typing import TYPE_CHECKING

import pytest
import structlog

from audio_stream.adapters.blob.file import FileBlobStore
from audio_stream.domain.errors import StorageFailed, StorageFull
from contracts.blob_store_contract import KEY, LONG, BlobStoreContract, keys, put, stored
from fakes.faulty_files import FaultyFiles
from fakes.memory_blob_store import MemoryBlobStore
from fakes.quick_files import QuickFiles

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from audio_stream.usecases.ports import BlobStore


class TestMemoryBlobStore(BlobStoreContract):
    @pytest.fixture
    async def store(self) -> BlobStore:
        return MemoryBlobStore()

    async def test_a_switch_fails_one_call(self) -> None:
        store = MemoryBlobStore()
        store.fail_next_put = StorageFull()
        with pytest.raises(StorageFull):
            await put(store, KEY, b"x")
        await put(store, KEY, b"x")
        store.fail_next = StorageFailed("EIO")
        with pytest.raises(StorageFailed):
            await store.open(KEY)
        assert await stored(store, KEY) == b"x"


class TestFileBlobStore(BlobStoreContract):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[BlobStore]:
        async with FileBlobStore(tmp_path / "blobs", files=QuickFiles()) as store:
            yield store

    async def test_leftovers_of_a_crash_are_swept_when_it_is_opened(self, tmp_path: Path) -> None:
        async with FileBlobStore(tmp_path) as store:
            await put(store, KEY, b"x")
        leftover = tmp_path / "~incoming" / "~0123456789abcdef"
        leftover.write_bytes(b"half of")
        with structlog.testing.capture_logs() as lines:
            async with FileBlobStore(tmp_path) as store:
                assert await keys(store, "") == [KEY]
        assert not leftover.exists()
        assert [line["subject"] for line in lines] == [leftover.name]

    async def test_strangers_files_are_not_listed(self, tmp_path: Path) -> None:
        async with FileBlobStore(tmp_path) as store:
            (tmp_path / ".DS_Store").touch()
            (tmp_path / "Lost+Found").mkdir()
            (tmp_path / "Lost+Found" / "a").touch()
            assert await keys(store, "") == []

    async def test_deleting_takes_empty_folders_along(self, tmp_path: Path) -> None:
        async with FileBlobStore(tmp_path) as store:
            await put(store, "mp3/1/a.mp3", b"x")
            await put(store, "mp3/2/a.mp3", b"x")
            await store.delete("mp3/1/a.mp3")
            assert names(tmp_path / "mp3") == ["2"]
            await store.delete("mp3/2/a.mp3")
        assert names(tmp_path) == ["~incoming"]

    async def test_a_file_cut_short_behind_our_back_is_an_error(self, tmp_path: Path) -> None:
        async with FileBlobStore(tmp_path) as store:
            await put(store, KEY, LONG)
            blob = await store.open(KEY)
            reading = aiter(blob.read(0, len(LONG)))
            await anext(reading)
            (tmp_path / KEY).write_bytes(b"cut")
            with pytest.raises(StorageFailed):
                await anext(reading)

    async def test_a_source_that_is_not_there_leaves_nothing(self, tmp_path: Path) -> None:
        async with FileBlobStore(tmp_path) as store:
            with pytest.raises(StorageFailed):
                await put(store, KEY, tmp_path / "missing")
            assert await keys(store, "") == []


class TestFileBlobStoreOnAFaultyDisk:
    @pytest.fixture
    def files(self) -> FaultyFiles:
        return FaultyFiles()

    @pytest.fixture
    async def store(self, tmp_path: Path, files: FaultyFiles) -> AsyncIterator[FileBlobStore]:
        async with FileBlobStore(tmp_path / "blobs", files) as store:
            await put(store, KEY, LONG)
            files.log.clear()
            yield store

    @pytest.mark.parametrize("from_file", [False, True])
    async def test_a_put_that_fails_anywhere_leaves_the_old_blob_or_the_new(
        self, store: FileBlobStore, files: FaultyFiles, tmp_path: Path, from_file: bool
    ) -> None:
        source = tmp_path / "new"
        source.write_bytes(b"new")
        await put(store, "another", source if from_file else b"new")
        steps = files.log.copy()
        assert {"create", "write_all", "sync_data", "replace", "sync_folder"} <= set(steps)
        files.fail_with = errno.EIO
        for failing, step in enumerate(steps):
            await put(store, KEY, LONG)
            files.log.clear()
            files.fail_at = failing
            renamed = "replace" in steps[:failing]
            try:
                await put(store, KEY, source if from_file else b"new")
            except StorageFailed:
                pass
            else:
                # Closing what was only read is the one step that does not matter.
                assert (step, from_file) == ("close", True)
                renamed = True
            files.fail_at = None
            assert await stored(store, KEY) == (b"new" if renamed else LONG), step
            assert await keys(store, "") == ["another", KEY]
            assert names(tmp_path / "blobs" / "~incoming") == []

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
    async def test_a_full_disk_is_told_from_a_broken_one(
        self, store: FileBlobStore, files: FaultyFiles, code: int
    ) -> None:
        files.fail_at, files.fail_with = 1, code
        with pytest.raises(StorageFull):
            await put(store, KEY, b"new")
        assert files.log[1] == "write_all"

    async def test_a_blob_has_its_name_only_when_its_bytes_are_safe(
        self, store: FileBlobStore, files: FaultyFiles
    ) -> None:
        await put(store, "mp3/1/a.mp3", b"x")
        steps = [call for call in files.log if "sync" in call or call == "replace"]
        new_folders = ["sync_folder", "sync_folder"]
        assert steps == ["sync_data", *new_folders, "replace", "sync_folder"]

    async def test_the_disk_is_never_waited_for_in_the_event_loop(
        self, store: FileBlobStore, files: FaultyFiles
    ) -> None:
        files.called_in.clear()
        await put(store, "a", LONG)
        await stored(store, "a")
        await keys(store, "")
        await store.delete("a")
        assert files.called_in
        assert threading.current_thread() not in files.called_in

    async def test_a_disk_that_cannot_be_read_is_no_missing_blob(
        self, store: FileBlobStore, files: FaultyFiles
    ) -> None:
        files.fail_with = errno.EIO
        for failing in range(3):
            files.log.clear()
            files.fail_at = failing
            with pytest.raises(StorageFailed):
                await stored(store, KEY)
        assert files.log[:3] == ["stat", "open_read", "stat_open"]

    async def test_every_file_is_closed_whatever_happens(
        self, store: FileBlobStore, files: FaultyFiles
    ) -> None:
        await put(store, "a", b"x")
        await stored(store, KEY)
        await asyncio.wait_for(_read_one_piece(store), timeout=5)
        files.fail_at, files.fail_with = len(files.log) + 3, errno.EIO
        with pytest.raises(StorageFailed):
            await stored(store, KEY)
        opened = [call for call in files.log if call in ("create", "open_read")]
        assert len(opened) == files.log.count("close") == 4

    async def test_a_reader_that_is_cancelled_while_the_disk_is_slow_lets_go_of_its_file(
        self, store: FileBlobStore
    ) -> None:
        slow = SlowFiles()
        reading = asyncio.create_task(stored(FileBlobStore(store._root, slow), KEY))
        assert await asyncio.to_thread(slow.opening.wait, 10)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert "close" not in slow.log
        slow.go_on.set()
        assert await asyncio.to_thread(slow.closed.wait, 10)
        assert slow.log.count("open_read") == slow.log.count("close") == 1


class SlowFiles(FaultyFiles):
    """Opens a file only when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.opening = threading.Event()
        self.go_on = threading.Event()
        self.closed = threading.Event()

    def open_read(self, path: Path) -> int:
        self.opening.set()
        self.go_on.wait()
        return super().open_read(path)

    def close(self, descriptor: int) -> None:
        super().close(descriptor)
        self.closed.set()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def _read_one_piece(store: BlobStore) -> None:
    reading = (await store.open(KEY)).read(0, len(LONG))
    async for _ in reading:
        break
    await reading.aclose()  # type: ignore[attr-defined]  # it is a generator
