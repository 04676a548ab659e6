"""Where recordings grow, as the use cases need it, and room for work on them."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from audio_stream.domain.ids import RecordingId, StationSlug
    from audio_stream.domain.recordings import Recording


class SpoolFile(Protocol):
    """One recording's growing file, open for appending by one writer."""

    @property
    @abstractmethod
    def size_bytes(self) -> int:
        """How many bytes it holds, synced or not."""

    @property
    @abstractmethod
    def kept_bytes(self) -> int:
        """How many of them may be acknowledged: never more than `size_bytes`."""

    @abstractmethod
    async def append(self, data: bytes, *, sync: bool) -> None:
        """Write `data` at the end, whole or not at all; with `sync`, as `sync()` does after it.

        Raises StorageFull or StorageFailed with `size_bytes` unchanged, or as `sync()`.
        """

    @abstractmethod
    async def sync(self, *, within_s: float | None = None) -> None:
        """Return when all that was appended would survive a power loss.

        With `within_s`, return then at the latest; it goes on, and `kept_bytes` tells how far.
        Raises SyncFailed: what came since the last sync may be gone, and it takes nothing more.
        """

    @abstractmethod
    async def close(self) -> None:
        """Let go of the file."""


class Spool(Protocol):
    """The folder where recordings grow: for each, its bytes and, beside them, what it is."""

    @abstractmethod
    async def create(self, recording: Recording) -> None:
        """Make an empty file and the note beside it, durably.

        Raises StorageFull below the disk's reserve, StorageFailed.
        """

    @abstractmethod
    async def annotate(self, recording: Recording) -> None:
        """Replace the note beside the bytes in one durable step. Raises as `create`."""

    @abstractmethod
    async def open(self, recording_id: RecordingId) -> SpoolFile:
        """Open the file for appending. Raises RecordingGone if it is not there."""

    @abstractmethod
    async def remove(self, recording_id: RecordingId) -> None:
        """Remove bytes and note. What is not there is fine."""

    @abstractmethod
    async def list_recordings(self) -> Sequence[Recording]:
        """Return the recordings whose bytes and note are there, as the notes tell them."""

    @abstractmethod
    async def list_unnoted(self) -> Sequence[RecordingId]:
        """Return those whose bytes are there without a note that can be read."""

    @abstractmethod
    def path(self, recording_id: RecordingId) -> Path:
        """Return where its bytes lie, for a program that reads files."""

    @abstractmethod
    async def size_bytes(self, recording_id: RecordingId) -> int | None:
        """Return how many bytes a recording's file holds, None when there is no file."""

    @abstractmethod
    def station_bytes(self, station: StationSlug) -> int:
        """Return how many bytes the station's noted recordings hold. Never waits."""

    @abstractmethod
    def read(self, recording_id: RecordingId) -> AsyncIterator[bytes]:
        """Yield the bytes from the first on, in pieces of at most 256 KiB."""

    @abstractmethod
    async def copy(self, recording_id: RecordingId, target: Path, size_bytes: int) -> None:
        """Write the first `size_bytes` of a recording that still grows to `target`.

        Raises StorageFull, StorageFailed.
        """


class Scratch(Protocol):
    """Room for files that nobody needs for long."""

    @abstractmethod
    def folder(self) -> AbstractAsyncContextManager[Path]:
        """Give an empty folder that is removed, with all that is in it, on leaving."""
