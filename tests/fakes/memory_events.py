"""An event sink that a test can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.usecases.ports import EventSink

if TYPE_CHECKING:
    from audio_stream.domain.events import Event


class MemoryEvents(EventSink):
    """Keeps what was published."""

    def __init__(self) -> None:
        self.published: list[Event] = []

    def publish(self, event: Event) -> None:
        self.published.append(event)

    def end_all(self) -> None:
        """Do what the pages' sink does at the end: nobody listens here."""
