"""KeepRecording: what is known of an open recording, kept where a restart finds it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from audio_stream.domain.errors import RecordingChanged

if TYPE_CHECKING:
    from audio_stream.domain.recordings import Recording
    from audio_stream.usecases.open_recordings import OpenRecording
    from audio_stream.usecases.ports import RecordingCatalog, Spool


class KeepRecording:
    """Write an open recording's new state to the spool's note, then to the catalog.

    The note comes first: the catalog can be rebuilt from it.
    """

    def __init__(self, *, catalog: RecordingCatalog, spool: Spool) -> None:
        self._catalog = catalog
        self._spool = spool

    async def execute(self, opened: OpenRecording, recording: Recording) -> None:
        """Keep `recording` as the new state. The caller has the turn. Raises as Spool.annotate."""
        await self._spool.annotate(recording)
        opened.recording = await self._save(recording)

    async def go_on(self, opened: OpenRecording, length_bytes: int | None) -> None:
        """Take an interrupted recording up again, and keep its end where that is now known.

        Raises LengthConflict.
        """
        recording = opened.recording.resume()
        if length_bytes is not None:
            recording = recording.declare_length(length_bytes)
        await self.execute(opened, recording)

    async def _save(self, recording: Recording) -> Recording:
        """Save over whatever version the catalog has: the turn makes this the only writer."""
        try:
            return await self._catalog.save_recording(recording)
        except RecordingChanged:
            current = await self._catalog.get_recording(recording.id)
            return await self._catalog.save_recording(replace(recording, version=current.version))
