"""What a browser engine can do in a test, whatever it is driven by."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path


class EnginePage(Protocol):
    """A page in a tab or window of its own."""

    @abstractmethod
    async def open(self, url: str) -> None:
        """Return when the page has loaded."""

    @abstractmethod
    async def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - JSON
        """Return what a JavaScript expression comes to, awaited, as JSON."""

    @abstractmethod
    async def click(self, name: str) -> None:
        """Click the button of that accessible name, as a person would."""

    @abstractmethod
    async def close(self) -> None:
        """Close the tab or window."""


class Engine(Protocol):
    """A running browser whose microphone sounds by itself, without anybody being asked."""

    @property
    @abstractmethod
    def tones_hz(self) -> tuple[int, ...]:
        """What its microphone plays: most of the time, one of these is the loudest."""

    @abstractmethod
    async def new_page(self) -> EnginePage:
        """Return an empty page."""


class EngineKind(Protocol):
    """A browser that may be installed here."""

    name: str

    @abstractmethod
    def missing(self) -> str | None:
        """Return what is not installed here; None when it can be started."""

    @abstractmethod
    def started(self, folder: Path) -> AbstractAsyncContextManager[Engine]:
        """Run it with a new profile in an empty folder; nothing of it is left on leaving."""


async def until(page: EnginePage, condition: str, timeout_s: float = 20) -> None:
    """Return once a JavaScript condition holds in the page. Raises TimeoutError, naming it."""
    wait = f"""(async () => {{
      const end = performance.now() + {timeout_s * 1000};
      while (!({condition})) {{
        if (performance.now() > end) return false;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }}
      return true;
    }})()"""
    async with asyncio.timeout(timeout_s + 10):
        if not await page.evaluate(wait):
            raise TimeoutError(condition)
