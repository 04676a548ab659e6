"""The index of recordings in a database."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from audio_stream.adapters.catalog.carried_through import carried_through
from audio_stream.adapters.catalog.tables import recordings
from audio_stream.domain.errors import RecordingChanged, RecordingNotFound
from audio_stream.domain.recordings import Recording
from audio_stream.usecases.ports import RecordingCatalog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_stream.adapters.catalog.database import Database
    from audio_stream.domain.ids import RecordingId


class SqlRecordings(RecordingCatalog):
    """Keeps a row for each recording."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @carried_through
    async def add_recording(self, recording: Recording) -> None:
        """Insert the row, unless there is one."""
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(recordings).values(asdict(recording)))
        except IntegrityError:
            if await self._find_recording(recording.id) is None:
                raise

    @carried_through
    async def get_recording(self, recording_id: RecordingId) -> Recording:
        """Read the row."""
        recording = await self._find_recording(recording_id)
        if recording is None:
            raise RecordingNotFound(recording_id)
        return recording

    @carried_through
    async def save_recording(self, recording: Recording) -> Recording:
        """Update the row where the version is still the same."""
        saved = replace(recording, version=recording.version + 1)
        statement = (
            update(recordings)
            .where(recordings.c.id == recording.id, recordings.c.version == recording.version)
            .values(asdict(saved))
        )
        async with self._database.writing() as connection:
            if not (await connection.execute(statement)).rowcount:
                raise RecordingChanged(recording.id)
        return saved

    @carried_through
    async def list_recordings(self) -> Sequence[Recording]:
        """Read the rows of all that were not discarded."""
        statement = (
            select(recordings)
            .where(recordings.c.discarded.is_(False))
            .order_by(recordings.c.started_at, recordings.c.id)
        )
        async with self._database.reading() as connection:
            return [Recording(**row) for row in (await connection.execute(statement)).mappings()]

    async def _find_recording(self, recording_id: RecordingId) -> Recording | None:
        statement = select(recordings).where(recordings.c.id == recording_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(statement)).mappings().one_or_none()
        return None if row is None else Recording(**row)
