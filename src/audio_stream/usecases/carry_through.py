"""Work that must be over before anybody else goes on, whatever becomes of who asked for it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

_Result = TypeVar("_Result")


async def carry_through(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Return what `work` returns. A caller that is cancelled meanwhile ends when `work` has ended.

    A write in a thread cannot be stopped: whoever gives up a turn before it is done would let the
    next request write beside it.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # seen: nobody is left to be told
        raise
