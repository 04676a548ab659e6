"""RenameTrack: a track gets another title."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from audio_stream.domain.errors import InvalidRequest
from audio_stream.domain.ids import RecordingId

if TYPE_CHECKING:
    from audio_stream.domain.ids import TrackId
    from audio_stream.domain.titles import Title
    from audio_stream.domain.tracks import Track
    from audio_stream.usecases.ports import LiveFeed
    from audio_stream.usecases.track_changes import TrackChanges


class RenameTrack:
    """Give a track another title."""

    def __init__(self, *, changes: TrackChanges, live: LiveFeed) -> None:
        self._changes = changes
        self._live = live

    async def execute(self, *, track_id: TrackId, title: Title) -> Track:
        """Return the renamed track. Raises TrackNotFound, InvalidRequest for an empty title.

        Where its source has come back and is on air, listeners see the new title too.
        """
        if not title:
            raise InvalidRequest("A title needs at least one visible character.")
        track = await self._changes.apply(track_id, lambda track: replace(track, title=title))
        self._live.title_changed(RecordingId(track_id), title)
        return track
