"""A process that can be killed between any two things it does to the world."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Killed(BaseException):
    """Nothing runs any more: no `except Exception` sees it."""


class Life:
    """Counts what the process does; at `dies_at` it is dead, and stays so."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.dies_at = dies_at
        self.steps = 0

    @property
    def is_over(self) -> bool:
        return self.dies_at is not None and self.steps >= self.dies_at

    def begin_to_count(self, dies_at: int) -> None:
        """Die so many steps from now."""
        self.steps, self.dies_at = 0, dies_at

    def step(self) -> None:
        """Live on for one step. Raises Killed."""
        if self.is_over:
            raise Killed
        self.steps += 1
        if self.is_over:
            raise Killed


class Mortal:
    """A port as a process sees it: each call is a step before it and one after it."""

    def __init__(self, port: object, life: Life) -> None:
        self._port = port
        self._life = life

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - stands for every method
        found = getattr(self._port, name)
        if inspect.iscoroutinefunction(found):
            return self._called(found)
        if inspect.isasyncgenfunction(found):
            return self._iterated(found)
        return found

    def _called(self, method: Any) -> Any:  # noqa: ANN401 - the same
        async def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - the same
            self._life.step()
            result = await method(*arguments, **named)
            self._life.step()
            return Mortal(result, self._life) if hasattr(result, "append") else result

        return call

    def _iterated(self, method: Any) -> Any:  # noqa: ANN401 - the same
        async def iterate(*arguments: object) -> AsyncIterator[Any]:
            self._life.step()
            async for item in method(*arguments):
                yield item

        return iterate
