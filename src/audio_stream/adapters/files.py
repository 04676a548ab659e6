"""The file system, as the spool and the blob store use it: one place to make it fail in tests."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from audio_stream.domain.errors import StorageFailed, StorageFull

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COPY_PIECE_BYTES = 1024 * 1024


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn an OSError into StorageFull or StorageFailed."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull from error
        raise StorageFailed(error.strerror or str(error)) from error


def scratch_name() -> str:
    """Return a file name nobody else has, of a kind that no recording, note or key can have."""
    return f"~{secrets.token_hex(8)}"


class Files:
    """Blocking file-system calls; every one raises OSError. Call them in a thread."""

    def create(self, path: Path) -> int:
        """Return a descriptor for appending to a new file. Raises FileExistsError."""
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o644)

    def open_append(self, path: Path) -> int:
        """Return a descriptor for appending to a file that is there."""
        return os.open(path, os.O_WRONLY | os.O_APPEND)

    def open_read(self, path: Path) -> int:
        """Return a descriptor for reading."""
        return os.open(path, os.O_RDONLY)

    def read_at(self, descriptor: int, start: int, length: int) -> bytes:
        """Return up to `length` bytes from `start`; none at the end."""
        return os.pread(descriptor, length, start)

    def write_all(self, descriptor: int, data: bytes) -> None:
        """Write all of `data`. After an error, part of it may be there."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def truncate(self, descriptor: int, size_bytes: int) -> None:
        """Cut the file to `size_bytes`."""
        os.ftruncate(descriptor, size_bytes)

    def sync_data(self, descriptor: int) -> None:
        """Return when what was written would survive a power loss."""
        if sys.platform == "darwin":
            import fcntl  # noqa: PLC0415 - it has F_FULLFSYNC only there

            try:
                # fsync there leaves the data in the drive's own cache.
                fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            except OSError as error:
                if error.errno != errno.ENOTSUP:
                    raise
                os.fsync(descriptor)
        elif hasattr(os, "fdatasync"):
            os.fdatasync(descriptor)
        else:
            os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """Let go of a descriptor."""
        os.close(descriptor)

    def let_go(self, descriptor: int) -> None:
        """Close what was only read, or synced: an error could tell nothing that matters."""
        with suppress(OSError):
            self.close(descriptor)

    def stat(self, path: Path) -> os.stat_result:
        """Return what is known of a file."""
        return path.stat()

    def stat_open(self, descriptor: int) -> os.stat_result:
        """Return what is known of an open file."""
        return os.fstat(descriptor)

    def names(self, folder: Path) -> list[tuple[str, bool]]:
        """Return the name of everything in a folder and whether it is a folder, unordered."""
        with os.scandir(folder) as entries:
            return [(entry.name, entry.is_dir()) for entry in entries]

    def free_bytes(self, path: Path) -> int:
        """Return how much room the disk of `path` has for us."""
        return shutil.disk_usage(path).free

    def replace(self, source: Path, target: Path) -> None:
        """Rename within one disk, over what was there, in one step."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Remove a file. Raises FileNotFoundError."""
        path.unlink()

    def remove_folder(self, path: Path) -> None:
        """Remove an empty folder."""
        path.rmdir()

    def sync_folder(self, path: Path) -> None:
        """Return when the names in a folder would survive a power loss."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it, durably; also one that a killed process had made."""
        made = not path.is_dir()
        if made:
            if not path.parent.is_dir():
                self.make_folder(path.parent)
            path.mkdir(exist_ok=True)
        try:
            self.sync_folder(path.parent)
        except OSError:
            if made:
                with suppress(OSError):
                    path.rmdir()
            raise

    def write_new(self, path: Path, data: bytes) -> None:
        """Write a new file, durably but for its name; nothing is left of it on failure."""
        with self._new(path) as descriptor:
            self.write_all(descriptor, data)

    def copy_new(self, source: Path, path: Path) -> None:
        """Copy to a new file, durably but for its name; nothing is left of it on failure."""
        reading = self.open_read(source)
        try:
            with self._new(path) as descriptor:
                start = 0
                while piece := self.read_at(reading, start, _COPY_PIECE_BYTES):
                    self.write_all(descriptor, piece)
                    start += len(piece)
        finally:
            self.let_go(reading)

    def write_atomically(self, path: Path, data: bytes) -> None:
        """Replace a file durably, in one step; after an error it is the old one or the new."""
        scratch = path.with_name(scratch_name())
        self.write_new(scratch, data)
        try:
            self.replace(scratch, path)
        except OSError:
            self._try_to_remove(scratch)
            raise
        self.sync_folder(path.parent)

    @contextmanager
    def _new(self, path: Path) -> Iterator[int]:
        descriptor = self.create(path)
        try:
            try:
                yield descriptor
                self.sync_data(descriptor)
            finally:
                self.close(descriptor)
        except BaseException:
            self._try_to_remove(path)
            raise

    def _try_to_remove(self, path: Path) -> None:
        # The error on its way out is the one to tell of; whoever opens the folder next sweeps.
        with suppress(OSError):
            self.remove(path)
