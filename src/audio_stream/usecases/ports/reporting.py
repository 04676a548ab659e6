"""Whom the use cases tell what happened: keepers and pages."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from audio_stream.domain.events import Event


class Health(Protocol):
    """Something that can be in trouble while the rest goes on."""

    @abstractmethod
    async def trouble(self) -> str | None:
        """Return what is wrong, for a person to read; None when all is well. Quick."""


class Journal(Protocol):
    """Where the keeper of the server can read what happened."""

    @abstractmethod
    def note(self, event: str, subject: str, **details: object) -> None:
        """Write one line. Never waits and never fails."""

    @abstractmethod
    def error(self, event: str, subject: str, error: BaseException) -> None:
        """Write what nobody expected, with its traceback. Never waits and never fails."""


class EventSink(Protocol):
    """Where news goes that pages want to hear."""

    @abstractmethod
    def publish(self, event: Event) -> None:
        """Tell everyone who listens. Never waits and never fails."""
