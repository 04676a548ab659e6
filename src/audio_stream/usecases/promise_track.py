"""PromiseTrack: a recording is over, or seems so; its track appears and is made soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import TrackNotFound
from audio_stream.domain.events import TrackChangedEvent
from audio_stream.domain.ids import TrackId
from audio_stream.domain.recordings import RecordingState
from audio_stream.domain.titles import Title, permalink_name
from audio_stream.domain.tracks import Track

if TYPE_CHECKING:
    from audio_stream.domain.recordings import Recording
    from audio_stream.usecases.ports import EventSink, TrackCatalog, TrackWork

_UNIQUE_DIGITS = 6


class PromiseTrack:
    """Put a recording's track into the library, to be made in the background."""

    def __init__(self, *, catalog: TrackCatalog, work: TrackWork, events: EventSink) -> None:
        self._catalog = catalog
        self._work = work
        self._events = events

    async def execute(self, recording: Recording) -> None:
        """Add the track, unless it is there, and schedule the work on it."""
        track_id = TrackId(recording.id)
        try:
            await self._catalog.get_track(track_id)
        except TrackNotFound:
            await self._add(track_id, recording)
        self._work.schedule(track_id)

    async def _add(self, track_id: TrackId, recording: Recording) -> None:
        title = recording.title or Title(
            f"{recording.station} {recording.started_at.astimezone():%Y-%m-%d %H:%M}"
        )
        track = Track(
            id=track_id,
            name=permalink_name(title, track_id[:_UNIQUE_DIGITS]),
            title=title,
            station=recording.station,
            created_at=recording.started_at,
            incomplete=recording.state is not RecordingState.FINISHED,
        )
        await self._catalog.add_track(track)
        self._events.publish(TrackChangedEvent(track_id))
