"""Makes MP3s on this machine."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from audio_stream.adapters.files import storage_errors
from audio_stream.domain.errors import BlobNotFound
from audio_stream.domain.tracks import Rendition, RenditionKind, RenditionState, mp3_key
from audio_stream.usecases.ports import Mp3Converter

if TYPE_CHECKING:
    from audio_stream.domain.tracks import Track
    from audio_stream.usecases.ports import BlobStore, MediaTool

_MP3 = "audio/mpeg"


class LocalMp3Converter(Mp3Converter):
    """Copies a track's original out of the blob store, converts it, stores the MP3."""

    def __init__(self, blob_store: BlobStore, media: MediaTool, work_dir: Path) -> None:
        self._blob_store = blob_store
        self._media = media
        self._work_dir = work_dir

    async def convert(self, track: Track) -> Rendition:
        """Leave nothing in the work folder, whatever happens."""
        if track.revision is None or track.original.key is None:
            raise BlobNotFound(f"the original of {track.id}")
        key = mp3_key(track.id, track.revision)
        with (
            storage_errors(),
            tempfile.TemporaryDirectory(dir=self._work_dir, prefix="~") as folder,
        ):
            original, mp3 = Path(folder, "original"), Path(folder, "mp3")
            await self._fetch(track.original.key, original)
            await self._media.encode_mp3(
                original, mp3, title=track.title, created_at=track.created_at
            )
            await self._blob_store.put(key, mp3, mime_type=_MP3)
            size_bytes = (await asyncio.to_thread(mp3.stat)).st_size
        return Rendition(
            kind=RenditionKind.MP3,
            state=RenditionState.READY,
            key=key,
            mime_type=_MP3,
            size_bytes=size_bytes,
        )

    async def start_over(self, track: Track) -> None:
        """Do nothing: each `convert` is a new try."""

    async def _fetch(self, key: str, target: Path) -> None:
        blob = await self._blob_store.open(key)
        with target.open("wb", buffering=0) as file:
            async for piece in blob.read(0, blob.size_bytes):
                # A slow disk must not hold up the listeners.
                await asyncio.to_thread(file.write, piece)
