"""AppendChunk: the heart of ingest. The offset it returns is acknowledged: synced, never lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_stream.domain.errors import (
    LengthConflict,
    LengthExceeded,
    MalformedMedia,
    OffsetMismatch,
    RecordingBusy,
    RecordingFinished,
    SourceTimedOut,
    SyncFailed,
    UnsupportedMedia,
)
from audio_stream.domain.recordings import RecordingState
from audio_stream.usecases.carry_through import carry_through

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from audio_stream.domain.checksums import Checksum
    from audio_stream.domain.ids import RecordingId
    from audio_stream.usecases.fail_recording import FailRecording
    from audio_stream.usecases.finish_recording import FinishRecording
    from audio_stream.usecases.keep_recording import KeepRecording
    from audio_stream.usecases.open_recordings import OpenRecording, OpenRecordings, Turn
    from audio_stream.usecases.ports import Clock
    from audio_stream.usecases.spool_quota import SpoolQuota


@dataclass(frozen=True, slots=True)
class ChunkBody:
    """The body of one append, as it arrives."""

    pieces: AsyncIterator[bytes]
    """Raises SourceDisconnected when the connection ends before the body does."""
    size_bytes: int | None
    """Its whole size, where the source told it."""
    checksum: Checksum | None = None


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a chunk."""

    offset: int
    """Where the source goes on."""
    kept: int
    """Everything before is acknowledged: synced, never lost. Less than `offset` on a slow disk."""


@dataclass(frozen=True, slots=True)
class IngestLimits:
    """How much and how long."""

    recording_bytes: int
    checked_chunk_bytes: int
    """A chunk with a checksum is held in memory until it is verified; this is the most it has."""
    body_timeout_s: float
    """How long a body may be silent."""


class AppendChunk:
    """Append a chunk at its offset: on air at once, acknowledged once it is durable."""

    def __init__(
        self,
        *,
        clock: Clock,
        open_recordings: OpenRecordings,
        keep_recording: KeepRecording,
        finish_recording: FinishRecording,
        fail_recording: FailRecording,
        spool_quota: SpoolQuota,
        limits: IngestLimits,
    ) -> None:
        self._clock = clock
        self._open_recordings = open_recordings
        self._keep_recording = keep_recording
        self._finish_recording = finish_recording
        self._fail_recording = fail_recording
        self._spool_quota = spool_quota
        self._limits = limits

    async def execute(
        self,
        *,
        recording_id: RecordingId,
        offset: int,
        body: ChunkBody,
        length_bytes: int | None = None,
        patience_s: float | None = None,
    ) -> Appended:
        """Return the recording's new offset. An empty body at the right offset is a sign of life.

        `length_bytes` declares where the recording ends; reaching it finishes the recording.
        A source that keeps what is not acknowledged need not wait for a slow disk: `patience_s` is
        how long it will. Without it, and at the end, all that is appended is acknowledged.
        Raises OffsetMismatch, ChecksumMismatch, LengthConflict, LengthExceeded, RecordingFinished,
        RecordingNotFound, RecordingGone, RecordingFailed, RecordingBusy, UnsupportedMedia,
        MalformedMedia, SourceTimedOut, SourceDisconnected, SpoolQuotaReached, StorageFull,
        StorageFailed, SyncFailed.
        """
        async with self._open_recordings.turn(recording_id) as turn:
            try:
                opened = await self._open_recordings.open(recording_id)
            except RecordingFinished as finished:
                if await self._says_nothing_new(finished, offset, body, length_bytes, turn):
                    return Appended(finished.offset, finished.offset)
                raise
            try:
                await self._begin(opened, offset, body, length_bytes)
                at_once = patience_s is None
                if body.checksum is None:
                    await self._append_as_it_arrives(opened, body, turn, sync=at_once)
                else:
                    await self._append_checked(opened, body, body.checksum, turn, sync=at_once)
                if not at_once:
                    await opened.file.sync(within_s=None if opened.is_complete else patience_s)
            except (UnsupportedMedia, MalformedMedia, SyncFailed) as error:
                await self._fail_recording.execute(opened, error)
                raise
            appended = Appended(opened.file.size_bytes, opened.file.kept_bytes)
            if opened.is_complete:
                await self._finish_recording.execute(opened)
            return appended

    async def _says_nothing_new(
        self,
        finished: RecordingFinished,
        offset: int,
        body: ChunkBody,
        length_bytes: int | None,
        turn: Turn,
    ) -> bool:
        if length_bytes is not None and length_bytes != finished.offset:
            raise LengthConflict(known=finished.offset, declared=length_bytes)
        return offset == finished.offset and await self._next_piece(body, turn) is None

    async def _begin(
        self, opened: OpenRecording, offset: int, body: ChunkBody, length_bytes: int | None
    ) -> None:
        """Check all that can be checked before a byte is read, and keep what was declared."""
        size_bytes = opened.file.size_bytes
        if offset != size_bytes:
            await opened.file.sync()  # the offset told is thereby acknowledged
            raise OffsetMismatch(expected=size_bytes, got=offset)
        if length_bytes is not None:
            opened.recording.declare_length(length_bytes)
            if length_bytes < size_bytes:
                raise LengthConflict(known=size_bytes, declared=length_bytes)
            if length_bytes > self._limits.recording_bytes:
                raise LengthExceeded(self._limits.recording_bytes)
        end = opened.recording.length_bytes if length_bytes is None else length_bytes
        if body.size_bytes is not None:
            self._check_fits(size_bytes + body.size_bytes, end)
            self._spool_quota.check(opened.recording.station, body.size_bytes)
            if body.checksum is not None and body.size_bytes > self._limits.checked_chunk_bytes:
                raise LengthExceeded(self._limits.checked_chunk_bytes)
        opened.last_sign_of_life_s = self._clock.monotonic_s()
        declared = length_bytes is not None and length_bytes != opened.recording.length_bytes
        if opened.recording.state is RecordingState.INTERRUPTED or declared:
            await self._keep_recording.go_on(opened, length_bytes)

    def _check_fits(self, size_bytes: int, end: int | None) -> None:
        limit = self._limits.recording_bytes if end is None else end
        if size_bytes > limit:
            raise LengthExceeded(limit)

    async def _append_as_it_arrives(
        self, opened: OpenRecording, body: ChunkBody, turn: Turn, *, sync: bool
    ) -> None:
        received = 0
        is_whole = False
        try:
            while not is_whole and (piece := await self._next_piece(body, turn)) is not None:
                received += len(piece)
                is_whole = received == body.size_bytes
                await self._append(opened, piece, sync=sync and is_whole)
        finally:
            if not is_whole:
                # Whatever ends this request, what came before shall be told by HEAD.
                await carry_through(opened.file.sync())

    async def _append_checked(
        self,
        opened: OpenRecording,
        body: ChunkBody,
        checksum: Checksum,
        turn: Turn,
        *,
        sync: bool,
    ) -> None:
        staged = bytearray()
        while (piece := await self._next_piece(body, turn)) is not None:
            staged += piece
            if len(staged) > self._limits.checked_chunk_bytes:
                raise LengthExceeded(self._limits.checked_chunk_bytes)
        checksum.verify(staged)
        await self._append(opened, bytes(staged), sync=sync)

    async def _append(self, opened: OpenRecording, data: bytes, *, sync: bool) -> None:
        offset = opened.file.size_bytes
        self._check_fits(offset + len(data), opened.recording.length_bytes)
        self._spool_quota.check(opened.recording.station, len(data))
        opened.last_sign_of_life_s = self._clock.monotonic_s()
        opened.source.feed(offset, data)  # listeners do not wait for the disk
        await carry_through(opened.file.append(data, sync=sync))

    async def _next_piece(self, body: ChunkBody, turn: Turn) -> bytes | None:
        """Return the body's next bytes, None at its end; yield the turn when asked to."""
        try:
            async with turn.reading(self._limits.body_timeout_s):
                return await anext(body.pieces, None)
        except TimeoutError:
            if turn.yield_asked:
                raise RecordingBusy(turn.recording_id) from None
            raise SourceTimedOut(self._limits.body_timeout_s) from None
