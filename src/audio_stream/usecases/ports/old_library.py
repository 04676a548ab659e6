"""What the Node.js original kept, as adopting it needs it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class OldTrack:
    """What the Node.js original kept of a recording, under one name."""

    name: str
    """The files' name without extension."""
    created_at: datetime
    original: str
    """Where the `.ogg` is, in the library's own words; empty if there is none."""
    mp3: str
    """Where the `.mp3` is; empty if there is none."""


class OldLibrary(Protocol):
    """Where the Node.js original kept its files."""

    @abstractmethod
    def list_tracks(self) -> AsyncIterator[OldTrack]:
        """Yield every name once, oldest first. Raises StorageFailed."""

    @abstractmethod
    async def fetch(self, place: str, target: Path) -> None:
        """Copy a file to `target`. Raises BlobNotFound, StorageFailed, StorageFull."""
