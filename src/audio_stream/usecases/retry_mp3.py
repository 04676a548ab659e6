"""RetryMp3: an MP3 that could not be made is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import InvalidRequest
from audio_stream.domain.tracks import Rendition, RenditionKind, RenditionState, Track, TrackState

if TYPE_CHECKING:
    from audio_stream.domain.ids import TrackId
    from audio_stream.usecases.ports import Mp3Converter, TrackCatalog, TrackWork
    from audio_stream.usecases.track_changes import TrackChanges


class RetryMp3:
    """Have a track's failed MP3 made after all."""

    def __init__(
        self,
        *,
        catalog: TrackCatalog,
        converter: Mp3Converter,
        changes: TrackChanges,
        work: TrackWork,
    ) -> None:
        self._catalog = catalog
        self._converter = converter
        self._changes = changes
        self._work = work

    async def execute(self, *, track_id: TrackId) -> Track:
        """Return the track with its MP3 pending again.

        Raises TrackNotFound, InvalidRequest unless the MP3 alone has failed, BlobNotFound,
        StorageFull, StorageFailed.
        """
        track = await self._catalog.get_track(track_id)
        if not _can_be_retried(track):
            raise InvalidRequest("Only an MP3 that failed can be tried again.")
        await self._converter.start_over(track)
        retried = await self._changes.apply(
            track_id,
            lambda current: (
                current.with_mp3(Rendition(kind=RenditionKind.MP3))
                if _can_be_retried(current)
                else current
            ),
        )
        self._work.schedule(track_id)
        return retried


def _can_be_retried(track: Track) -> bool:
    return track.state is TrackState.READY and track.mp3.state is RenditionState.FAILED
