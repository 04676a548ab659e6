"""What goes on behind the opened port after a start."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import stamina

from audio_stream.domain.errors import StorageFailed, StorageFull
from audio_stream.usecases.ports import Health

if TYPE_CHECKING:
    from types import TracebackType

    from audio_stream.usecases.ports import Journal
    from audio_stream.usecases.reconcile_library import ReconcileLibrary
    from audio_stream.usecases.resume_work import ResumeWork

_FIRST_PAUSE_S = 2.0
_LONGEST_PAUSE_S = 300.0
_LOOK_EVERY_S = 300.0


class Resuming(Health):
    """Takes up what the last stop left undone; `async with` runs it.

    The library is looked at once, however long its store is away; recordings and tracks that
    nobody sees to are looked for again and again.
    """

    def __init__(
        self, *, resume_work: ResumeWork, reconcile_library: ReconcileLibrary, journal: Journal
    ) -> None:
        self._resume_work = resume_work
        self._reconcile_library = reconcile_library
        self._journal = journal
        self._trouble: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        self._task = asyncio.get_running_loop().create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop; the next start begins anew."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def trouble(self) -> str | None:
        """Tell why what was left undone cannot go on."""
        return self._trouble

    async def _run(self) -> None:
        try:
            await self._take_up()
        except Exception as error:  # noqa: BLE001 - recording and listening go on without it
            self._report(error)
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                await self._resume_work.execute()
            except Exception as error:  # noqa: BLE001 - the next look may go well
                self._report(error)
            else:
                self._trouble = None

    async def _take_up(self) -> None:
        async for attempt in stamina.retry_context(
            on=(StorageFull, StorageFailed),
            attempts=None,
            timeout=None,
            wait_initial=_FIRST_PAUSE_S,
            wait_max=_LONGEST_PAUSE_S,
        ):
            with attempt:
                try:
                    await self._resume_work.execute()
                    await self._reconcile_library.execute()
                except Exception as error:
                    self._trouble = _what(error)
                    raise
        self._trouble = None

    def _report(self, error: Exception) -> None:
        self._trouble = _what(error)
        self._journal.error("work not resumed", "server", error)


def _what(error: Exception) -> str:
    return f"What the last stop left undone waits. {error}"
