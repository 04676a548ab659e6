"""IndexSpool: the catalog knows every recording whose bytes are here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError, RecordingNotFound
from audio_stream.domain.recordings import Recording
from audio_stream.domain.titles import Title

if TYPE_CHECKING:
    from audio_stream.domain.ids import RecordingId, StationSlug
    from audio_stream.usecases.ports import Clock, Journal, RecordingCatalog, Spool


class IndexSpool:
    """Bring the rows of recordings to where the notes in the spool are.

    A note is written before its row, so after a crash the note is right. Nobody may record
    meanwhile.
    """

    def __init__(
        self,
        *,
        catalog: RecordingCatalog,
        spool: Spool,
        clock: Clock,
        journal: Journal,
        default_station: StationSlug,
    ) -> None:
        self._catalog = catalog
        self._spool = spool
        self._clock = clock
        self._journal = journal
        self._default_station = default_station

    async def execute(self) -> int:
        """Return how many recordings were new to the catalog. Raises StorageFull, StorageFailed."""
        for recording_id in await self._spool.list_unnoted():
            try:
                await self._note_again(recording_id)
            except AudioStreamError as error:  # its row will do for now
                self._journal.note("note not written again", recording_id, reason=str(error))
        added = 0
        for noted in await self._spool.list_recordings():
            added += await self._index(noted)
        return added

    async def _index(self, noted: Recording) -> bool:
        try:
            row = await self._catalog.get_recording(noted.id)
        except RecordingNotFound:
            await self._catalog.add_recording(noted)
            self._journal.note("recording indexed from the spool", noted.id)
            return True
        newer = replace(noted, version=row.version)
        if newer != row and not row.discarded:
            await self._catalog.save_recording(newer)
            self._journal.note("recording indexed anew from its note", noted.id)
        return False

    async def _note_again(self, recording_id: RecordingId) -> None:
        """Write the note of bytes that have none: from the row, or as of a source that left."""
        try:
            recording = await self._catalog.get_recording(recording_id)
        except RecordingNotFound:
            now = self._clock.now()
            recording = Recording(
                id=recording_id,
                station=self._default_station,
                title=Title(""),
                live=False,
                claimed_type="",
                started_at=now,
            ).interrupt(now)
        await self._spool.annotate(recording)
        self._journal.note("note written again", recording_id)
