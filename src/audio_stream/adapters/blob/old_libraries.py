"""The Node.js original's files: in a folder, or plain in a bucket."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from audio_stream.adapters.blob.s3_client import KEY_PREFIX, open_client
from audio_stream.adapters.blob.s3_errors import s3_errors
from audio_stream.adapters.files import storage_errors
from audio_stream.usecases.ports import OldLibrary, OldTrack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from pathlib import Path

    from audio_stream.adapters.blob.s3_client import S3Options

_PIECE_BYTES = 1 << 20


class _File(NamedTuple):
    place: str
    file_name: str
    changed_at: datetime


class FolderOldLibrary(OldLibrary):
    """The `media` folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def list_tracks(self) -> AsyncIterator[OldTrack]:
        """Yield what lies in the folder."""
        with storage_errors():
            files = await asyncio.to_thread(self._files)
        for track in _tracks(files):
            yield track

    async def fetch(self, place: str, target: Path) -> None:
        """Copy a file."""
        with storage_errors():
            await asyncio.to_thread(shutil.copyfile, self._folder / place, target)

    def _files(self) -> list[_File]:
        return [
            _File(path.name, path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC))
            for path in self._folder.iterdir()
            if path.is_file()
        ]


class S3OldLibrary(OldLibrary):
    """The objects right below `audio-stream-files/`."""

    def __init__(self, options: S3Options) -> None:
        self._options = options

    async def list_tracks(self) -> AsyncIterator[OldTrack]:
        """Yield what lies there, not what lies in folders below."""
        files = []
        with s3_errors(KEY_PREFIX):
            async with open_client(self._options) as client:
                pages = client.get_paginator("list_objects_v2").paginate(
                    Bucket=self._options.bucket, Prefix=KEY_PREFIX, Delimiter="/"
                )
                async for page in pages:
                    files += [_object(found) for found in page.get("Contents", ())]
        for track in _tracks(files):
            yield track

    async def fetch(self, place: str, target: Path) -> None:
        """Download an object."""
        with s3_errors(place):
            async with open_client(self._options) as client:
                found = await client.get_object(Bucket=self._options.bucket, Key=place)
                with storage_errors():
                    file = await asyncio.to_thread(target.open, "wb")
                    try:
                        async for piece in found["Body"].iter_chunks(_PIECE_BYTES):
                            await asyncio.to_thread(file.write, piece)
                    finally:
                        await asyncio.to_thread(file.close)


def _object(found: dict[str, Any]) -> _File:
    return _File(found["Key"], found["Key"].removeprefix(KEY_PREFIX), found["LastModified"])


def _tracks(files: Iterable[_File]) -> Iterator[OldTrack]:
    """Put the files of one name together: `x.ogg` and `x.mp3` are one track."""
    by_name: dict[str, dict[str, _File]] = {}
    for file in files:
        name, dot, extension = file.file_name.rpartition(".")
        if dot and name and extension in ("ogg", "mp3"):
            by_name.setdefault(name, {})[extension] = file
    tracks = [
        OldTrack(
            name=name,
            created_at=min(file.changed_at for file in found.values()),
            original=found["ogg"].place if "ogg" in found else "",
            mp3=found["mp3"].place if "mp3" in found else "",
        )
        for name, found in by_name.items()
    ]
    yield from sorted(tracks, key=lambda track: track.created_at)
