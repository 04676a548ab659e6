"""The recordings that take audio now: their files, their turns and their ways on air."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from math import inf
from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError, RecordingBusy, RecordingFinished
from audio_stream.domain.recordings import RecordingState
from audio_stream.usecases.live_source import LiveSource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import timedelta

    from audio_stream.domain.ids import RecordingId
    from audio_stream.domain.recordings import Recording
    from audio_stream.usecases.ports import (
        Clock,
        Journal,
        LiveFeed,
        RecordingCatalog,
        Spool,
        SpoolFile,
    )


YIELD_WITHIN_S = 0.1
"""What comes by then may still be appended: a page that closes sends all it has at once."""
YIELD_AT_MOST_S = 1.0
"""And what comes after it, for so long: on a long line not all of that comes together."""


class OpenRecording:
    """A recording in memory, used by whoever has the turn."""

    def __init__(self, recording: Recording, file: SpoolFile, source: LiveSource) -> None:
        self.recording = recording
        self.file = file
        self.source = source
        self.last_sign_of_life_s = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether it holds all that its source declared."""
        return self.file.size_bytes == self.recording.length_bytes


class Turn:
    """One request at a time works on a recording; a newer one makes the older one yield."""

    def __init__(self, recording_id: RecordingId) -> None:
        self.recording_id = recording_id
        self.lock = asyncio.Lock()
        self.waiting = 0
        self._reading: asyncio.Timeout | None = None
        self._asked_at_s: float | None = None

    @property
    def yield_asked(self) -> bool:
        """Whether somebody newer waits for the turn."""
        return self.waiting > 0

    @property
    def is_idle(self) -> bool:
        """Whether nobody has the turn or waits for it."""
        return not self.waiting and not self.lock.locked()

    def begin(self) -> None:
        """Give it to somebody, who has time until the next one asks."""
        self._asked_at_s = None

    def ask_to_yield(self) -> None:
        """Make whoever is waiting for its source's bytes, or will be, stop doing so soon."""
        if self._reading is not None and not self._reading.expired():
            now_s = asyncio.get_running_loop().time()
            self._reading.reschedule(min(self._reading.when() or inf, self._ends_at_s(now_s)))

    @asynccontextmanager
    async def reading(self, timeout_s: float) -> AsyncIterator[None]:
        """Wait for the source's bytes, as long as may be. Raises TimeoutError.

        What the server itself takes before, such as a slow disk, is not the source's fault: the
        time to yield begins with the wait.
        """
        now_s = asyncio.get_running_loop().time()
        ends_at_s = min(now_s + timeout_s, self._ends_at_s(now_s))
        if now_s >= ends_at_s:
            raise TimeoutError  # also if there are bytes at once, again and again
        try:
            async with asyncio.timeout_at(ends_at_s) as self._reading:
                yield
        finally:
            self._reading = None

    def _ends_at_s(self, now_s: float) -> float:
        """Return until when the next bytes may be waited for, if somebody else wants the turn."""
        if not self.yield_asked:
            return inf
        self._asked_at_s = now_s if self._asked_at_s is None else self._asked_at_s
        return min(now_s + YIELD_WITHIN_S, self._asked_at_s + YIELD_AT_MOST_S)


class OpenRecordings:
    """Hands out turns on recordings, opening each at its first."""

    def __init__(
        self,
        *,
        catalog: RecordingCatalog,
        spool: Spool,
        live: LiveFeed,
        clock: Clock,
        journal: Journal,
        resume_window: timedelta,
        turn_timeout_s: float,
    ) -> None:
        self._catalog = catalog
        self._spool = spool
        self._live = live
        self._clock = clock
        self._journal = journal
        self._resume_window = resume_window
        self._turn_timeout_s = turn_timeout_s
        self._open: dict[RecordingId, OpenRecording] = {}
        self._turns: dict[RecordingId, Turn] = {}

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    def peek(self, recording_id: RecordingId) -> OpenRecording | None:
        """Return the recording if it is open, to be looked at without a turn."""
        return self._open.get(recording_id)

    def silent_since(self, before_s: float) -> list[RecordingId]:
        """Return those whose last sign of life is older than `before_s` on the monotonic clock."""
        return [i for i, r in self._open.items() if r.last_sign_of_life_s < before_s]

    @asynccontextmanager
    async def turn(self, recording_id: RecordingId) -> AsyncIterator[Turn]:
        """Wait for this request's turn on the recording, making an older one yield.

        Raises RecordingBusy if it does not within the time allowed.
        """
        turn = self._turns.setdefault(recording_id, Turn(recording_id))
        turn.waiting += 1
        try:
            try:
                await self._take(turn)
            finally:
                turn.waiting -= 1
            turn.begin()
            try:
                yield turn
            finally:
                turn.lock.release()
        finally:
            if turn.is_idle:
                self._turns.pop(recording_id, None)

    async def _take(self, turn: Turn) -> None:
        if turn.waiting == 1 and not turn.lock.locked():
            await turn.lock.acquire()  # at once: no timer is needed
            return
        turn.ask_to_yield()
        try:
            async with asyncio.timeout(self._turn_timeout_s):
                await turn.lock.acquire()
        except TimeoutError:
            raise RecordingBusy(turn.recording_id) from None

    async def open(self, recording_id: RecordingId) -> OpenRecording:
        """Return the recording, opened for appending; the caller has the turn.

        After a restart its way on air is rebuilt from the spool. Raises RecordingNotFound,
        RecordingGone, RecordingFailed or RecordingFinished.
        """
        found = self._open.get(recording_id)
        if found is not None:
            return found
        recording = await self._catalog.get_recording(recording_id)
        recording.check_open(self._clock.now(), self._resume_window)
        if recording.state is RecordingState.FINISHED:
            raise RecordingFinished(recording_id, recording.length_bytes or 0)
        file = await self._spool.open(recording_id)
        source = LiveSource(recording, self._live, self._clock)
        try:
            await self._replay(source, recording_id, file.size_bytes)
        except BaseException:
            await file.close()
            raise
        opened = OpenRecording(recording, file, source)
        opened.last_sign_of_life_s = self._clock.monotonic_s()
        self._open[recording_id] = opened
        return opened

    def take_off_air(self, recording_id: RecordingId) -> None:
        """Give its station back, and go on appending."""
        self._live.release(recording_id)

    async def close(self, recording_id: RecordingId) -> None:
        """Let go of the recording's file and of its station; the caller has the turn."""
        self._live.release(recording_id)
        opened = self._open.pop(recording_id, None)
        if opened is not None:
            await opened.file.close()

    async def close_all(self) -> None:
        """Let go of everything, synced, as the program ends; what one cannot do stops no other."""
        await asyncio.gather(*(self._close_last(recording_id) for recording_id in self._open))

    async def _close_last(self, recording_id: RecordingId) -> None:
        try:
            async with self.turn(recording_id):
                opened = self._open.get(recording_id)
                try:
                    if opened is not None:
                        await opened.file.sync()
                finally:
                    await self.close(recording_id)
        except AudioStreamError as error:
            self._journal.note("recording not closed properly", recording_id, reason=str(error))

    async def _replay(self, source: LiveSource, recording_id: RecordingId, size_bytes: int) -> None:
        if not source.needs_replay(size_bytes):
            return
        offset = 0
        async for piece in self._spool.read(recording_id):
            wanted = piece[: size_bytes - offset]
            # In a thread: hours of sound must not hold up those who listen to other stations.
            await asyncio.to_thread(source.replay, offset, wanted)
            offset += len(wanted)
