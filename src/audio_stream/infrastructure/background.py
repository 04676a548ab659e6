"""Work behind the requests: tracks being made, and looks that are taken again and again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import stamina

from audio_stream.domain.errors import StorageFailed, StorageFull
from audio_stream.usecases.ports import Health, TrackWork

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from audio_stream.domain.ids import TrackId
    from audio_stream.usecases.ports import Journal
    from audio_stream.usecases.process_track import ProcessTrack

_FIRST_PAUSE_S = 2.0
_LONGEST_PAUSE_S = 300.0
_LONGEST_LOOK_S = 30.0


class BackgroundTrackWork(TrackWork, Health):
    """Sees to scheduled tracks, at most `places` at a time; `async with` stops it at the end."""

    def __init__(self, *, process_track: ProcessTrack, journal: Journal, places: int) -> None:
        self._process_track = process_track
        self._journal = journal
        self._places = asyncio.Semaphore(places)
        self._tasks: dict[TrackId, asyncio.Task[None]] = {}
        self._again: set[TrackId] = set()
        self._failing: dict[TrackId, str] = {}
        self._is_over = False
        self._looks: dict[TrackId, int] = {}
        self._later: dict[TrackId, asyncio.TimerHandle] = {}

    async def __aenter__(self) -> Self:
        """Do nothing: work starts when it is scheduled."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop what is under way; the next start takes it up."""
        self._is_over = True
        for later in self._later.values():
            later.cancel()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def schedule(self, track_id: TrackId) -> None:
        """See to the track soon, and once more if it is being seen to right now."""
        if self._is_over:
            return
        if track_id in self._tasks:
            self._again.add(track_id)
            return
        later = self._later.pop(track_id, None)
        if later is not None:
            later.cancel()
        task = asyncio.get_running_loop().create_task(self._see_to(track_id))
        self._tasks[track_id] = task
        task.add_done_callback(lambda _: self._done(track_id))

    async def trouble(self) -> str | None:
        """Tell of tracks whose last try failed."""
        if not self._failing:
            return None
        reason = next(reversed(self._failing.values()))
        return f"{len(self._failing)} of the tracks cannot be made now. {reason}"

    async def idle(self) -> None:
        """Return when nothing is scheduled or under way."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))
            await asyncio.sleep(0)

    def _done(self, track_id: TrackId) -> None:
        task = self._tasks.pop(track_id)
        if track_id in self._again and not task.cancelled():
            self._again.discard(track_id)
            self.schedule(track_id)

    async def _see_to(self, track_id: TrackId) -> None:
        try:
            async for attempt in stamina.retry_context(
                on=(StorageFull, StorageFailed),
                attempts=None,
                timeout=None,
                wait_initial=_FIRST_PAUSE_S,
                wait_max=_LONGEST_PAUSE_S,
            ):
                with attempt:
                    done = await self._try(track_id)
            self._look_again(track_id, done=done)
        except Exception as error:  # noqa: BLE001 - one track's trouble must not end the others
            self._journal.error("track not made", track_id, error)

    async def _try(self, track_id: TrackId) -> bool:
        async with self._places:
            try:
                done = await self._process_track.execute(track_id=track_id)
            except Exception as error:
                self._failing[track_id] = str(error)
                raise
        self._failing.pop(track_id, None)
        return done

    def _look_again(self, track_id: TrackId, *, done: bool) -> None:
        """Come back in a while, ever more seldom, to what is being made elsewhere."""
        if done:
            self._looks.pop(track_id, None)
            return
        looks = self._looks[track_id] = self._looks.get(track_id, 0) + 1
        pause_s = min(_LONGEST_LOOK_S, _FIRST_PAUSE_S * 1.5**looks)
        loop = asyncio.get_running_loop()
        self._later[track_id] = loop.call_later(pause_s, self.schedule, track_id)


class Repeating:
    """Calls a function every so often; `async with` runs it."""

    def __init__(
        self, function: Callable[[], Awaitable[None]], *, every_s: float, journal: Journal
    ) -> None:
        self._function = function
        self._every_s = every_s
        self._journal = journal
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start."""
        self._task = asyncio.get_running_loop().create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self._function()
            except Exception as error:  # noqa: BLE001 - the next look may go well
                self._journal.error("periodic work failed", type(self._function).__name__, error)
