"""Statements that end before their caller does, even when that is cancelled."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from audio_stream.usecases.carry_through import carry_through

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def carried_through(
    method: Callable[_Arguments, Coroutine[Any, Any, _Result]],
) -> Callable[_Arguments, Coroutine[Any, Any, _Result]]:
    """Make a method carry its statements through.

    A connection given up in the middle of a statement goes on in its thread: it holds its lock
    until it is collected, and Python 3.13 warns of it.
    """

    @wraps(method)
    async def carrying(*arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Result:
        return await carry_through(method(*arguments, **named))

    return carrying
