"""Scratch folders in the data folder, emptied at every start."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from audio_stream.usecases.ports import Scratch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class FolderScratch(Scratch):
    """Folders in one folder, on the data folder's disk."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def sweep(self) -> None:
        """Remove what a crash left."""
        shutil.rmtree(self._root, ignore_errors=True)
        self._root.mkdir(parents=True, exist_ok=True)  # where another user's may not be removed

    @asynccontextmanager
    async def folder(self) -> AsyncIterator[Path]:
        """Give a new folder for the time being."""
        path = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._root))
        try:
            yield path
        finally:
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, path, ignore_errors=True))
