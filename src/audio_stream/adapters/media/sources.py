"""Untrusted files made fit to read, and unfinished ones that never outlive their making."""

from __future__ import annotations

import asyncio
import errno
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_stream.adapters.files import scratch_name
from audio_stream.adapters.media.mp4_mending import mend_mp4
from audio_stream.adapters.media.pages import mend_last_page
from audio_stream.domain.containers.container import Container
from audio_stream.domain.containers.sniffing import SNIFF_BYTES, sniff
from audio_stream.domain.errors import MediaToolFailed, NoAudio, StorageFull, UnsupportedMedia

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


_MENDERS = {Container.MP4: mend_mp4, Container.OGG: mend_last_page}


@dataclass(frozen=True, slots=True)
class Sound:
    """A file as ffmpeg is to read it."""

    path: Path
    container: Container
    size_bytes: int


@asynccontextmanager
async def readable(source: Path, beside: Path) -> AsyncIterator[Sound]:
    """Give `source`, sniffed, or its mended copy beside `beside`, which goes again at the end.

    Raises NoAudio when it is empty, UnsupportedMedia, MediaToolFailed, StorageFull.
    """
    with disk_errors():
        async with scratch_beside(beside) as scratch:
            yield await asyncio.to_thread(_prepare, source, scratch)


async def look_at(path: Path, container: Container) -> Sound:
    """Return a file of our own making, to be read back."""
    return Sound(path, container, (await asyncio.to_thread(path.stat)).st_size)


def _prepare(source: Path, scratch: Path) -> Sound:
    with source.open("rb") as file:
        prefix = file.read(SNIFF_BYTES)
    container = _identify(prefix)
    path = _MENDERS[container](source, scratch) if container in _MENDERS else source
    return Sound(path, container, path.stat().st_size)


def _identify(prefix: bytes) -> Container:
    if not prefix:
        raise NoAudio
    container = sniff(prefix)
    if container is not None:
        return container
    try:
        container = sniff(prefix, whole=True)
    except UnsupportedMedia as error:
        # It ends before it says what it is.
        raise NoAudio from error
    if container is None:
        raise NoAudio
    return container


@asynccontextmanager
async def scratch_beside(path: Path) -> AsyncIterator[Path]:
    """Give a name in the same folder that nothing has; a file left there is removed at the end.

    A crash leaves it. It starts with `~`, as all that may be swept away does.
    """
    scratch = path.with_name(scratch_name())
    try:
        yield scratch
    finally:  # a large file takes long, which listeners must not notice
        await asyncio.shield(asyncio.to_thread(scratch.unlink, missing_ok=True))


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn an OSError into StorageFull or MediaToolFailed."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("The server's disk is too full to convert this recording.") from error
        raise MediaToolFailed(f"A file could not be used: {error.strerror or error}.") from error
