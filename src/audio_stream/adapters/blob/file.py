"""The blob store in a local folder: a key is a path below it."""

from __future__ import annotations

import asyncio
import stat
import threading
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Self

import structlog

from audio_stream.adapters.blob.file_blob import FileBlob
from audio_stream.adapters.blob.keys import is_key
from audio_stream.adapters.files import Files, scratch_name, storage_errors
from audio_stream.domain.errors import BlobNotFound
from audio_stream.usecases.ports import Blob, BlobStore

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path

_INCOMING = "~incoming"
"""Where blobs are written before they get their name. No key can have a tilde in it."""

_log = structlog.get_logger(__name__)

_KEYS_A_HOP = 1000
"""How many keys are listed before the event loop gets its turn."""


class FileBlobStore(BlobStore):
    """Keeps blobs as files below `root`, which is its own. Enter it before use."""

    def __init__(self, root: Path, files: Files | None = None) -> None:
        self._root = root
        self._incoming = root / _INCOMING
        self._files = files or Files()
        # Held while names change, so that no folder is pruned from under a file on its way in.
        self._names = threading.Lock()

    async def __aenter__(self) -> Self:
        """Make the folder and sweep up what a crash left. Raises StorageFull, StorageFailed."""
        await asyncio.to_thread(self._prepare)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is kept open."""

    async def put(
        self,
        key: str,
        source: Path | bytes,
        *,
        mime_type: str,  # noqa: ARG002 - files have none; it is sniffed again when served
        labels: Mapping[str, str] | None = None,  # noqa: ARG002 - nobody else reads them here
    ) -> None:
        """Store a copy under `key`. Raises ValueError for what is no key."""
        if not is_key(key):
            raise ValueError(f"not a key: {key!r}")
        await asyncio.to_thread(self._put, self._root / key, source)

    async def open(self, key: str) -> Blob:
        """Return the file under `key`."""
        return await asyncio.to_thread(self._open, key)

    async def delete(self, key: str) -> None:
        """Remove the file, and the folders that this leaves empty."""
        if is_key(key):
            await asyncio.to_thread(self._delete, self._root / key)

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """Walk the folders that can hold such keys."""
        folder, slash, _ = prefix.rpartition("/")
        if slash and not is_key(folder):
            return
        found = (key for key in self._walk(folder + slash, prefix) if key.startswith(prefix))
        while keys := await asyncio.to_thread(_take, found):
            for key in keys:
                yield key

    def _prepare(self) -> None:
        with storage_errors():
            self._files.make_folder(self._incoming)
            for name, _ in self._files.names(self._incoming):
                self._files.remove(self._incoming / name)
                _log.info("half a file in the library removed", subject=name)

    def _put(self, target: Path, source: Path | bytes) -> None:
        scratch = self._incoming / scratch_name()
        with storage_errors():
            if isinstance(source, bytes):
                self._files.write_new(scratch, source)
            else:
                self._files.copy_new(source, scratch)
            try:
                with self._names:
                    self._files.make_folder(target.parent)
                    self._files.replace(scratch, target)
                    self._files.sync_folder(target.parent)
            except OSError:
                with suppress(OSError):
                    self._files.remove(scratch)
                raise

    def _open(self, key: str) -> Blob:
        found = self._find(self._root / key) if is_key(key) else None
        if found is None:
            raise BlobNotFound(key)
        return FileBlob(self._files, self._root / key, key, found)

    def _find(self, path: Path) -> os.stat_result | None:
        with storage_errors():
            try:
                found = self._files.stat(path)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return found if stat.S_ISREG(found.st_mode) else None

    def _delete(self, path: Path) -> None:
        with self._names, storage_errors():
            if self._find(path) is not None:
                self._files.remove(path)
            # Else it may have gone a moment ago, before a crash or a failure to sync.
            folder = path.parent
            with suppress(OSError):  # the first that is not empty ends it
                while folder != self._root:
                    self._files.remove_folder(folder)
                    folder = folder.parent
            while not folder.is_dir():
                folder = folder.parent
            self._files.sync_folder(folder)

    def _walk(self, folder: str, prefix: str) -> Iterator[str]:
        try:
            names = self._files.names(self._root / folder)
        except (FileNotFoundError, NotADirectoryError):
            return
        # With its slash a folder sorts as the keys below it do: `a-b` comes before `a/b`.
        for name in sorted(f"{name}/" if is_folder else name for name, is_folder in names):
            key = folder + name
            if not is_key(key.removesuffix("/")):
                continue  # ours on its way in, or a stranger's
            if not name.endswith("/"):
                yield key
            elif key.startswith(prefix) or prefix.startswith(key):
                yield from self._walk(key, prefix)


def _take(keys: Iterator[str]) -> tuple[str, ...]:
    with storage_errors():
        return tuple(islice(keys, _KEYS_A_HOP))
