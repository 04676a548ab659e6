"""The seam to the file system keeps its promises when the disk does not."""

from __future__ import annotations

import errno
import os
import sys
import types
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.files import Files, scratch_name, storage_errors
from audio_stream.domain.errors import StorageFailed, StorageFull
from fakes.faulty_files import FaultyFiles

if TYPE_CHECKING:
    from pathlib import Path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def write_atomically(files: Files, folder: Path) -> list[str]:
    files.write_atomically(folder / "note", b"new")
    return ["create", "write_all", "sync_data", "close", "replace", "sync_folder"]


def test_replacing_a_file_takes_these_steps_in_this_order(tmp_path: Path) -> None:
    files = FaultyFiles()
    (tmp_path / "note").write_bytes(b"old")
    assert write_atomically(files, tmp_path) == files.log
    assert contents(tmp_path) == {"note": b"new"}


@pytest.mark.parametrize("failing", range(6))
def test_replacing_a_file_leaves_the_old_or_the_new_wherever_it_fails(
    tmp_path: Path, failing: int
) -> None:
    files = FaultyFiles()
    files.fail_at, files.fail_with = failing, errno.EIO
    (tmp_path / "note").write_bytes(b"old")
    with pytest.raises(OSError, match="Input/output error"):
        write_atomically(files, tmp_path)
    assert contents(tmp_path) == {"note": b"new" if files.log[failing] == "sync_folder" else b"old"}


def test_a_file_that_was_not_there_is_not_half_there_either(tmp_path: Path) -> None:
    files = FaultyFiles()
    files.fail_at, files.fail_with = 1, errno.ENOSPC
    with pytest.raises(OSError, match="No space left"):
        write_atomically(files, tmp_path)
    assert contents(tmp_path) == {}


def test_a_copy_is_the_whole_of_its_source(tmp_path: Path) -> None:
    data = os.urandom(3 * 1024 * 1024 + 17)
    (tmp_path / "source").write_bytes(data)
    Files().copy_new(tmp_path / "source", tmp_path / "copy")
    assert contents(tmp_path) == {"source": data, "copy": data}


def test_what_is_written_in_little_bits_is_written_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    Files().write_new(tmp_path / "file", b"0123456789")
    assert contents(tmp_path) == {"file": b"0123456789"}


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        Files().create(tmp_path / "file")
    assert contents(tmp_path) == {"file": b"mine"}


def test_appending_goes_on_at_the_end_even_after_a_cut(tmp_path: Path) -> None:
    files = Files()
    (tmp_path / "file").write_bytes(b"0123456789")
    descriptor = files.open_append(tmp_path / "file")
    files.write_all(descriptor, b"abc")
    files.truncate(descriptor, 4)
    files.write_all(descriptor, b"xyz")
    files.sync_data(descriptor)
    files.close(descriptor)
    assert contents(tmp_path) == {"file": b"0123xyz"}


def test_nothing_to_append_to_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Files().open_append(tmp_path / "file")


def test_each_new_folder_is_made_to_last_in_the_one_above(tmp_path: Path) -> None:
    synced: list[Path] = []

    class Watched(Files):
        def sync_folder(self, path: Path) -> None:
            synced.append(path)
            super().sync_folder(path)

    Watched().make_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]


def test_a_folder_that_is_there_may_be_so_new_that_its_name_is_not_safe(tmp_path: Path) -> None:
    files = FaultyFiles()
    (tmp_path / "a").mkdir()
    files.make_folder(tmp_path / "a")
    assert files.log == ["sync_folder"]


def test_a_folder_whose_name_is_not_safe_is_none(tmp_path: Path) -> None:
    files = FaultyFiles()
    files.fail_at, files.fail_with = 0, errno.EIO
    with pytest.raises(OSError, match="Input/output error"):
        files.make_folder(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_there_is_some_room(tmp_path: Path) -> None:
    assert Files().free_bytes(tmp_path) > 0


class OnAMac:
    """Python's macOS, as far as syncing goes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.refusal: int | None = None
        monkeypatch.setattr(sys, "platform", "darwin")
        monkeypatch.setitem(sys.modules, "fcntl", self._fcntl())
        monkeypatch.delattr(os, "fdatasync", raising=False)
        monkeypatch.setattr(os, "fsync", lambda _: self.calls.append("fsync"))

    def _fcntl(self) -> types.ModuleType:
        module = types.ModuleType("fcntl")
        module.F_FULLFSYNC = 51  # type: ignore[attr-defined]  # as it is on macOS
        module.fcntl = self._full_sync  # type: ignore[attr-defined]  # the same
        return module

    def _full_sync(self, _: int, command: int) -> None:
        assert command == 51
        self.calls.append("F_FULLFSYNC")
        if self.refusal is not None:
            raise OSError(self.refusal, os.strerror(self.refusal))


def test_on_a_mac_data_go_through_the_drives_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    mac = OnAMac(monkeypatch)
    Files().sync_data(0)
    assert mac.calls == ["F_FULLFSYNC"]


def test_on_a_macs_network_drive_that_is_left_to_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mac = OnAMac(monkeypatch)
    mac.refusal = errno.ENOTSUP
    Files().sync_data(0)
    assert mac.calls == ["F_FULLFSYNC", "fsync"]


def test_on_a_mac_a_failed_sync_is_never_tried_in_another_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mac = OnAMac(monkeypatch)
    mac.refusal = errno.EIO
    with pytest.raises(OSError, match="Input/output"):
        Files().sync_data(0)
    assert mac.calls == ["F_FULLFSYNC"]


def test_where_there_is_no_fdatasync_it_is_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(sys, "platform", "freebsd")
    monkeypatch.delattr(os, "fdatasync", raising=False)
    monkeypatch.setattr(os, "fsync", synced.append)
    Files().sync_data(3)
    assert synced == [3]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EIO, StorageFailed),
        (errno.EACCES, StorageFailed),
    ],
)
def test_a_full_disk_is_told_from_a_broken_one(code: int, error: type[Exception]) -> None:
    with pytest.raises(error), storage_errors():
        raise OSError(code, os.strerror(code))


def test_other_errors_are_not_the_disks() -> None:
    with pytest.raises(ValueError, match="mine"), storage_errors():
        raise ValueError("mine")


def test_no_two_scratch_names_are_the_same() -> None:
    assert len({scratch_name() for _ in range(1000)}) == 1000
