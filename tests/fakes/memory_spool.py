"""A spool in memory, with a disk that can be made to fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from audio_stream.domain.errors import RecordingGone
from audio_stream.usecases.ports import Health, Spool, SpoolFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from audio_stream.domain.errors import AudioStreamError
    from audio_stream.domain.ids import RecordingId, StationSlug
    from audio_stream.domain.recordings import Recording

_PIECE_BYTES = 256 * 1024


class MemorySpool(Spool, Health):
    """Recordings in dictionaries. `fail_*` holds the error that the next such call raises."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self.notes: dict[RecordingId, Recording] = {}
        self.bytes: dict[RecordingId, bytearray] = {}
        self.synced_bytes: dict[RecordingId, int] = {}
        self.reads = 0
        """How often something was read from its beginning."""
        self.fail_create: AudioStreamError | None = None
        self.fail_annotate: AudioStreamError | None = None
        self.fail_append: AudioStreamError | None = None
        self.fail_sync: AudioStreamError | None = None
        self.is_slow = False
        """Whether a sync takes longer than anybody's patience."""
        self.now_in_trouble: str | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def create(self, recording: Recording) -> None:
        if self.fail_create is not None:
            raise self.fail_create
        self.notes[recording.id] = recording
        self.bytes[recording.id] = bytearray()
        self.synced_bytes[recording.id] = 0

    def lose_power(self) -> None:
        """Forget the bytes that were not synced."""
        for key, synced_bytes in self.synced_bytes.items():
            if key in self.bytes:
                del self.bytes[key][synced_bytes:]

    async def annotate(self, recording: Recording) -> None:
        if self.fail_annotate is not None:
            raise self.fail_annotate
        self.notes[recording.id] = recording

    async def open(self, recording_id: RecordingId) -> SpoolFile:
        if recording_id not in self.bytes:
            raise RecordingGone(recording_id)
        return MemorySpoolFile(self, recording_id)

    async def remove(self, recording_id: RecordingId) -> None:
        self.bytes.pop(recording_id, None)
        self.notes.pop(recording_id, None)

    async def list_recordings(self) -> Sequence[Recording]:
        found = [self.notes[key] for key in self.notes if key in self.bytes]
        return sorted(found, key=lambda recording: recording.started_at)

    async def list_unnoted(self) -> Sequence[RecordingId]:
        return [key for key in self.bytes if key not in self.notes]

    def path(self, recording_id: RecordingId) -> Path:
        """Return a real file with the bytes, for fakes that read files."""
        if self._folder is None:
            raise AssertionError("this spool was made without a folder")
        path = self._folder / recording_id
        path.write_bytes(self.bytes[recording_id])
        return path

    async def size_bytes(self, recording_id: RecordingId) -> int | None:
        held = self.bytes.get(recording_id)
        return None if held is None else len(held)

    def station_bytes(self, station: StationSlug) -> int:
        return sum(
            len(self.bytes[key])
            for key, note in self.notes.items()
            if note.station == station and key in self.bytes
        )

    async def trouble(self) -> str | None:
        return self.now_in_trouble

    async def read(self, recording_id: RecordingId) -> AsyncIterator[bytes]:
        self.reads += 1
        held = bytes(self.bytes[recording_id])
        for start in range(0, len(held), _PIECE_BYTES):
            yield held[start : start + _PIECE_BYTES]

    async def copy(self, recording_id: RecordingId, target: Path, size_bytes: int) -> None:
        target.write_bytes(self.bytes[recording_id][:size_bytes])  # noqa: ASYNC240 - a fake, and small


class MemorySpoolFile(SpoolFile):
    """One recording's bytes."""

    def __init__(self, spool: MemorySpool, recording_id: RecordingId) -> None:
        self._spool = spool
        self._id = recording_id

    @property
    def size_bytes(self) -> int:
        return len(self._spool.bytes[self._id])

    @property
    def kept_bytes(self) -> int:
        return self._spool.synced_bytes[self._id]

    async def append(self, data: bytes, *, sync: bool) -> None:
        if self._spool.fail_append is not None:
            raise self._spool.fail_append
        self._spool.bytes[self._id] += data
        if sync:
            await self.sync()

    async def sync(self, *, within_s: float | None = None) -> None:
        if self._spool.is_slow and within_s is not None:
            return
        if self._spool.fail_sync is not None:
            raise self._spool.fail_sync
        self._spool.synced_bytes[self._id] = self.size_bytes

    async def close(self) -> None:
        pass
