"""RenameTrack: a track gets another title."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from audio_stream.domain.errors import InvalidRequest

if TYPE_CHECKING:
    from audio_stream.domain.ids import TrackId
    from audio_stream.domain.titles import Title
    from audio_stream.domain.tracks import Track
    from audio_stream.usecases.track_changes import TrackChanges


class RenameTrack:
    """Give a track another title."""

    def __init__(self, changes: TrackChanges) -> None:
        self._changes = changes

    async def execute(self, *, track_id: TrackId, title: Title) -> Track:
        """Return the renamed track. Raises TrackNotFound, InvalidRequest for an empty title."""
        if not title:
            raise InvalidRequest("A title needs at least one visible character.")
        return await self._changes.apply(track_id, lambda track: replace(track, title=title))
