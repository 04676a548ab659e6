"""The notes that the catalog can be rebuilt from, kept beside the blobs they tell of."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from audio_stream.adapters.blob.manifest import UnreadableManifest, read_manifest, write_manifest
from audio_stream.domain.errors import BlobNotFound, RecordingNotFound, StorageAway, StorageFailed
from audio_stream.domain.ids import TrackId, parse_recording_id
from audio_stream.domain.tracks import Track, manifest_key
from audio_stream.usecases.ports import Manifests

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from audio_stream.usecases.ports import BlobStore

_FOLDER = "tracks/"

_MAX_BYTES = 256 * 1024
"""Far more than a note has; more than that is not read into memory."""

_log = structlog.get_logger(__name__)


class BlobManifests(Manifests):
    """Keeps each track's note as a JSON blob."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs

    async def write(self, track: Track) -> None:
        """Store the note under the track's key."""
        await self._blobs.put(
            manifest_key(track.id), write_manifest(track), mime_type="application/json"
        )

    async def remove(self, track_id: TrackId) -> None:
        """Delete the note."""
        await self._blobs.delete(manifest_key(track_id))

    async def read(self, track_id: TrackId) -> Track | None:
        """Read the track's note. Raises StorageAway."""
        return await self._try_to_read(manifest_key(track_id))

    async def read_all(self) -> AsyncIterator[Track]:
        """Yield the tracks one by one, in the order of their ids."""
        async for key in self._blobs.list(_FOLDER):
            track = await self._try_to_read(key)
            if track is not None:
                yield track

    async def list_ids(self) -> AsyncIterator[TrackId]:
        """Yield the ids that the notes' keys tell, in order."""
        async for key in self._blobs.list(_FOLDER):
            with suppress(RecordingNotFound):  # a stranger's file
                track_id = TrackId(parse_recording_id(key[len(_FOLDER) :].removesuffix(".json")))
                if key == manifest_key(track_id):
                    yield track_id

    async def _try_to_read(self, key: str) -> Track | None:
        try:
            return await self._read(key)
        except BlobNotFound:
            return None  # deleted since it was listed
        except StorageAway:
            raise  # it is not this note's trouble
        except (UnreadableManifest, StorageFailed) as error:
            _log.warning("manifest_passed_over", key=key, reason=str(error))
            return None

    async def _read(self, key: str) -> Track:
        blob = await self._blobs.open(key)
        if blob.size_bytes > _MAX_BYTES:
            raise UnreadableManifest(f"it has {blob.size_bytes} bytes")
        pieces = [piece async for piece in blob.read(0, blob.size_bytes)]
        track = read_manifest(b"".join(pieces))
        if manifest_key(track.id) != key:
            raise UnreadableManifest(f"it tells of another track, {track.id}")
        return track
