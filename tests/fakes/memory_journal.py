"""A journal that a test can read."""

from __future__ import annotations

from audio_stream.usecases.ports import Journal


class MemoryJournal(Journal):
    """Keeps its lines; an error that nobody expected is one too."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, object]]] = []
        self.errors: list[BaseException] = []

    def note(self, event: str, subject: str, **details: object) -> None:
        self.lines.append((event, subject, details))

    def error(self, event: str, subject: str, error: BaseException) -> None:
        self.lines.append((event, subject, {}))
        self.errors.append(error)

    def has(self, event: str) -> bool:
        """Tell whether such a line was written."""
        return any(line[0] == event for line in self.lines)
