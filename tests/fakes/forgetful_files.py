"""A file system that fails, stops, or loses power at the call it is told to.

SQLite tests itself so (https://www.sqlite.org/testing.html, §3). What a power loss leaves is the
worst that POSIX allows a sound disk: a file's bytes up to its last `sync_data`, a folder's names as
of its last `sync_folder`; or, by luck, some of what came after.
"""

from __future__ import annotations

import os
import threading
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audio_stream.adapters.files import Files
from fakes.mortal import Killed

if TYPE_CHECKING:
    import random

_COMPOSED = {"write_new", "copy_new", "write_atomically", "make_folder", "let_go"}
_CALLS = {name for name in vars(Files) if not name.startswith("_")} - _COMPOSED
_WRITING = {"create", "write_all", "replace", "sync_data", "sync_folder"}


class ForgetfulFiles(Files):
    """Works on real folders below `root`, and remembers what of them is on the disk."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.RLock()
        self._uids = count()
        self._uid_of: dict[int, int] = {}
        self._paths: dict[int, Path] = {}
        self._bytes: dict[int, bytes] = {}
        self._names: dict[Path, dict[str, int | None]] = {}
        self.log: list[str] = []
        """Every call that is counted: not those that are made of others."""
        self.fail_at: int | None = None
        """The index in `log` of the call that fails."""
        self.fail_with: int | None = None
        """Its errno; None: the process ends there, in the middle of the call."""
        self.is_full = False
        """Set by a call that fails with `full_from_there`: nothing can be written any more."""
        self.full_from_there = False
        self._stopped = False
        self._remember(root)

    def stop(self) -> None:
        """End the process: no call does anything any more."""
        with self._lock:
            self._stopped = True
            for descriptor in list(self._paths):
                os.close(descriptor)
            self._paths.clear()

    def run_again(self) -> None:
        """Let another process work on the same system, which goes on and forgets nothing."""
        self._stopped = False
        self.heal()

    def heal(self) -> None:
        """Let no call fail any more."""
        self.fail_at, self.is_full = None, False

    def after_power_loss(self, target: Path, luck: random.Random | None = None) -> None:
        """Lay out in `target` what the next start finds; without luck, what was promised alone."""
        self._lay_out(self._root, target, luck)

    def _lay_out(self, folder: Path, target: Path, luck: random.Random | None) -> None:
        target.mkdir(exist_ok=True)
        names = self._names.get(folder, {})
        if luck is not None and folder.is_dir():
            names = _some_of_both(names, self._names_now(folder), luck)
        for name, uid in names.items():
            if uid is None:
                self._lay_out(folder / name, target / name, luck)
            else:
                (target / name).write_bytes(self._survivors(folder / name, uid, luck))

    def _survivors(self, path: Path, uid: int, luck: random.Random | None) -> bytes:
        kept = self._bytes.get(uid, b"")
        if luck is None or not path.is_file() or self._uid_of.get(path.stat().st_ino) != uid:
            return kept
        written = path.read_bytes()
        return written[: luck.randint(len(kept), max(len(kept), len(written)))]

    def _names_now(self, folder: Path) -> dict[str, int | None]:
        with os.scandir(folder) as entries:
            return {
                entry.name: None if entry.is_dir() else self._uid_of[entry.inode()]
                for entry in entries
            }

    def _remember(self, folder: Path) -> None:
        for path in folder.iterdir():
            if path.is_dir():
                self._remember(path)
            else:
                uid = self._uid_of[path.stat().st_ino] = next(self._uids)
                self._bytes[uid] = path.read_bytes()
        self._names[folder] = self._names_now(folder)

    # -- what is remembered of each call

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._uid_of[os.fstat(descriptor).st_ino] = next(self._uids)
        self._paths[descriptor] = path
        return descriptor

    def open_append(self, path: Path) -> int:
        descriptor = super().open_append(path)
        self._paths[descriptor] = path
        return descriptor

    def open_read(self, path: Path) -> int:
        descriptor = super().open_read(path)
        self._paths[descriptor] = path
        return descriptor

    def close(self, descriptor: int) -> None:
        if self._paths.pop(descriptor, None) is not None:
            super().close(descriptor)

    def sync_data(self, descriptor: int) -> None:
        uid = self._uid_of[os.fstat(descriptor).st_ino]
        self._bytes[uid] = self._paths[descriptor].read_bytes()

    def sync_folder(self, path: Path) -> None:
        self._names[path] = self._names_now(path)

    # -- how calls fail

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - stands for every method
        found = super().__getattribute__(name)
        if name not in _CALLS:
            return found

        def call(*arguments: Any) -> Any:  # noqa: ANN401 - the same
            with self._lock:
                return self._call(name, found, arguments)

        return call

    def _call(self, name: str, found: Any, arguments: tuple[Any, ...]) -> Any:  # noqa: ANN401 - the same
        if self._stopped:
            if name == "close":
                found(*arguments)  # as the system does for a process that ends
            raise Killed
        self.log.append(name)
        number = None
        if self.fail_at == len(self.log) - 1:
            number, self._stopped = self.fail_with, self.fail_with is None
            self.is_full = self.full_from_there
        elif self.is_full and name in _WRITING:
            number = self.fail_with
        if number is None and not self._stopped:
            return found(*arguments)
        if name == "write_all":
            found(arguments[0], arguments[1][: len(arguments[1]) // 2])
        if name == "close":
            found(*arguments)
        if number is None:
            raise Killed
        raise OSError(number, os.strerror(number))


def _some_of_both(
    before: dict[str, int | None], after: dict[str, int | None], luck: random.Random
) -> dict[str, int | None]:
    """Return names as a disk may have them that was told of changes and never asked to sync.

    Each change may have come before or without any other.
    """
    names = {}
    for name in sorted(before | after):
        chosen = after if luck.random() < 0.5 else before
        if name in chosen:
            names[name] = chosen[name]
    return names
