"""Makes MP3s on this machine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from audio_stream.adapters.files import storage_errors
from audio_stream.domain.errors import BlobNotFound
from audio_stream.domain.tracks import MP3_TYPE, mp3_key, ready_mp3
from audio_stream.usecases.ports import Mp3Converter

if TYPE_CHECKING:
    from pathlib import Path

    from audio_stream.domain.tracks import Rendition, Track
    from audio_stream.usecases.ports import BlobStore, MediaTool, Scratch


class LocalMp3Converter(Mp3Converter):
    """Copies a track's original out of the blob store, converts it, stores the MP3."""

    def __init__(self, blob_store: BlobStore, media: MediaTool, scratch: Scratch) -> None:
        self._blob_store = blob_store
        self._media = media
        self._scratch = scratch

    async def convert(self, track: Track) -> Rendition:
        """Leave nothing behind but the MP3, whatever happens."""
        if track.revision is None or track.original.key is None:
            raise BlobNotFound(f"the original of {track.id}")
        with storage_errors():
            async with self._scratch.folder() as folder:
                original, mp3 = folder / "original", folder / "mp3"
                await self._fetch(track.original.key, original)
                await self._media.encode_mp3(
                    original, mp3, title=track.title, created_at=track.created_at
                )
                key = mp3_key(track.id, track.revision)
                await self._blob_store.put(key, mp3, mime_type=MP3_TYPE)
                size_bytes = (await asyncio.to_thread(mp3.stat)).st_size
        return ready_mp3(track.id, track.revision, size_bytes)

    async def start_over(self, track: Track) -> None:
        """Do nothing: each `convert` is a new try."""

    async def _fetch(self, key: str, target: Path) -> None:
        blob = await self._blob_store.open(key)
        with target.open("wb", buffering=0) as file:
            async for piece in blob.read(0, blob.size_bytes):
                # A slow disk must not hold up the listeners.
                await asyncio.to_thread(file.write, piece)
