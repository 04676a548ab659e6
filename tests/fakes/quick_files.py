"""A disk that is done at once, for tests of what does not depend on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.adapters.files import Files

if TYPE_CHECKING:
    from pathlib import Path


class QuickFiles(Files):
    """The real one, which promises nothing of a power loss."""

    def sync_data(self, descriptor: int) -> None:
        """Leave it to the system."""

    def sync_folder(self, path: Path) -> None:
        """Leave it to the system."""
