"""Runs something that needs the data folder for itself, and says in a sentence what is wrong."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from audio_stream.adapters.catalog.version import CatalogDamaged, CatalogUnusable
from audio_stream.domain.errors import MediaToolFailed, StorageFailed, StorageFull
from audio_stream.infrastructure.data_lock import DataFolderTaken, DataFolderUnusable, data_lock
from audio_stream.infrastructure.logs import configure_logs

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from audio_stream.infrastructure.settings import Settings


class StartFailed(Exception):
    """The program cannot start; the message is one sentence with the remedy."""


_SAID_WELL = (
    DataFolderTaken,
    DataFolderUnusable,
    StartFailed,
    StorageFull,
    StorageFailed,
    MediaToolFailed,
)


def run_alone(settings: Settings, work: Callable[[Settings], Coroutine[Any, Any, int]]) -> int:
    """Do the work under the data folder's lock; return the exit code."""
    configure_logs(settings.log_format)
    try:
        with data_lock(settings.data_dir):
            return asyncio.run(work(settings))
    except PermissionError as error:
        return _complain(
            f"The data folder {settings.data_dir} cannot be written to ({error.strerror}). "
            "Change its owner, or set AUDIO_STREAM_DATA_DIR to another folder."
        )
    except CatalogDamaged as error:
        return _complain(
            f"{error}. `audio-stream rebuild-catalog` sets it aside and makes it again from the "
            "library and the spool."
        )
    except CatalogUnusable as error:
        return _complain(f"{str(error).rstrip('.')}.")
    except _SAID_WELL as error:
        return _complain(str(error))


def _complain(sentence: str) -> int:
    sys.stderr.write(f"audio-stream: {sentence}\n")
    return 1
