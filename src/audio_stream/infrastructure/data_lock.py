"""One process at a time works in a data folder."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from audio_stream.adapters.files import Files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class DataFolderTaken(Exception):
    """Another audio-stream is running on this data folder."""


class DataFolderUnusable(Exception):
    """Nothing can be kept in this data folder."""


@contextmanager
def data_lock(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the system lets go of it however the process ends.

    Raises DataFolderTaken, DataFolderUnusable.
    """
    try:
        if not folder.is_dir():
            Files().make_folder(folder.absolute())
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:  # no right to write, but also a file in its place, a read-only disk, …
        raise DataFolderUnusable(
            f"The data folder {folder} cannot be written to ({error.strerror}). "
            "Change its owner, or set AUDIO_STREAM_DATA_DIR to another folder."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataFolderTaken(
                f"Another audio-stream is running on the data folder {folder}. "
                "Stop it, or set AUDIO_STREAM_DATA_DIR to another folder."
            ) from None
        yield
    finally:
        os.close(descriptor)
