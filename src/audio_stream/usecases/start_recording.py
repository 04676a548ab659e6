"""StartRecording: a source wants to be recorded, and perhaps heard."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError, LengthExceeded, TooManyRecordings
from audio_stream.domain.ids import new_recording_id
from audio_stream.domain.recordings import Recording

if TYPE_CHECKING:
    from audio_stream.domain.ids import StationSlug
    from audio_stream.domain.titles import Title
    from audio_stream.usecases.open_recordings import OpenRecordings
    from audio_stream.usecases.ports import Clock, LiveFeed, RecordingCatalog, Spool
    from audio_stream.usecases.spool_quota import SpoolQuota


class StartRecording:
    """Make an empty recording, durably, and give it its station if it is live."""

    def __init__(
        self,
        *,
        catalog: RecordingCatalog,
        spool: Spool,
        live: LiveFeed,
        clock: Clock,
        open_recordings: OpenRecordings,
        spool_quota: SpoolQuota,
        max_recording_bytes: int,
        max_open_recordings: int,
    ) -> None:
        self._catalog = catalog
        self._spool = spool
        self._live = live
        self._clock = clock
        self._open_recordings = open_recordings
        self._spool_quota = spool_quota
        self._max_recording_bytes = max_recording_bytes
        self._max_open_recordings = max_open_recordings
        self._starting = 0

    async def execute(
        self,
        *,
        station: StationSlug,
        title: Title,
        live: bool,
        claimed_type: str,
        length_bytes: int | None,
    ) -> Recording:
        """Return the new recording.

        Raises StationBusy, LengthExceeded, TooManyRecordings, SpoolQuotaReached, StorageFull or
        StorageFailed.
        """
        if length_bytes is not None and length_bytes > self._max_recording_bytes:
            raise LengthExceeded(self._max_recording_bytes)
        if len(self._open_recordings) + self._starting >= self._max_open_recordings:
            raise TooManyRecordings(self._max_open_recordings)
        self._spool_quota.check(station, length_bytes or 1)
        recording = Recording(
            id=new_recording_id(),
            station=station,
            title=title,
            live=live,
            claimed_type=claimed_type,
            started_at=self._clock.now(),
            length_bytes=length_bytes,
        )
        self._starting += 1
        try:
            await self._open(recording)
        finally:
            self._starting -= 1
        return recording

    async def _open(self, recording: Recording) -> None:
        if recording.live:
            self._live.claim(recording)
        try:
            async with self._open_recordings.turn(recording.id):  # else a start takes it up too
                await self._spool.create(recording)
                await self._catalog.add_recording(recording)
                await self._open_recordings.open(recording.id)
        except BaseException:
            self._live.release(recording.id)
            with suppress(AudioStreamError):  # nobody will ever be told of it
                await self._spool.remove(recording.id)
            raise
