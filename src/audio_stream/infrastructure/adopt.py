"""The command that brings the Node.js original's recordings in."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from audio_stream.adapters.blob.old_libraries import FolderOldLibrary, S3OldLibrary
from audio_stream.infrastructure.alone import StartFailed
from audio_stream.infrastructure.container import Container

if TYPE_CHECKING:
    from audio_stream.infrastructure.settings import Settings
    from audio_stream.usecases.ports import OldLibrary

DEFAULT_FOLDER = Path("media")


async def adopt(settings: Settings, folder: Path | None) -> int:
    """Adopt from the bucket, if there is one, and from the folder; print what was done.

    A folder that was named and is not there is a StartFailed; so is having nowhere to look.
    """
    container = Container(settings=settings)
    libraries: list[OldLibrary] = []
    if settings.media_persist_s3_bucket_name is not None:
        libraries.append(S3OldLibrary(container.s3_options()))
    place = folder or DEFAULT_FOLDER
    if await asyncio.to_thread(place.is_dir):
        libraries.append(FolderOldLibrary(place))
    elif folder is not None or not libraries:
        raise StartFailed(
            f"There is no folder {place}. Name the Node version's with --folder, or its bucket "
            "with MEDIA_PERSIST_S3_BUCKET_NAME."
        )
    adopted = failed = 0
    async with AsyncExitStack() as stack:
        container.scratch().sweep()
        resources = [container.catalog(), container.blobs()]
        if settings.media_persist_s3_bucket_name is not None:
            resources.append(container.uploads())
        for resource in resources:
            await stack.enter_async_context(resource)
        for library in libraries:
            more, broken = await container.adopt_old_tracks().execute(library)
            adopted, failed = adopted + more, failed + broken
    sys.stdout.write(
        f"Adopted {adopted} tracks; {failed} could not be read (see above). "
        "MP3s that are missing are made once the server runs.\n"
    )
    return 0 if not failed else 1
