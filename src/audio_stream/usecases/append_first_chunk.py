"""AppendFirstChunk: the chunk that came along with the request to record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError

if TYPE_CHECKING:
    from audio_stream.domain.ids import RecordingId
    from audio_stream.usecases.append_chunk import AppendChunk, ChunkBody
    from audio_stream.usecases.discard_recording import DiscardRecording
    from audio_stream.usecases.read_recording import ReadRecording


class AppendFirstChunk:
    """Append to a recording whose source does not know yet that it is there."""

    def __init__(
        self, *, append: AppendChunk, read: ReadRecording, discard: DiscardRecording
    ) -> None:
        self._append = append
        self._read = read
        self._discard = discard

    async def execute(self, *, recording_id: RecordingId, body: ChunkBody) -> int:
        """Return the recording's offset. Raises as AppendChunk.

        When nothing of the chunk could be kept nothing remains of the recording either: its
        source never learns its address, and would find its station taken by itself.
        """
        try:
            appended = await self._append.execute(recording_id=recording_id, offset=0, body=body)
        except AudioStreamError:
            if not (await self._read.execute(recording_id=recording_id)).offset:
                await self._discard.execute(recording_id=recording_id)
            raise
        return appended.offset
