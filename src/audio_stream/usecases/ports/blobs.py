"""Where tracks rest, as the use cases need it, and the notes beside them."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from audio_stream.domain.ids import TrackId
    from audio_stream.domain.tracks import Track


class Blob(Protocol):
    """Something stored, ready to be read."""

    @property
    @abstractmethod
    def size_bytes(self) -> int:
        """How many bytes it has."""

    @abstractmethod
    def read(self, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield the `length` bytes from `start`, in pieces of at most 256 KiB.

        A blob deleted meanwhile is either read to its end or raises BlobNotFound.
        """


class BlobStore(Protocol):
    """Where renditions rest. Keys are relative paths of `[a-z0-9._-]` parts joined by `/`."""

    @abstractmethod
    async def put(
        self,
        key: str,
        source: Path | bytes,
        *,
        mime_type: str,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Store a file or some bytes under `key`, durably; replaces what was there in one step.

        Nobody ever sees half of it. `labels` go with it where others may read it beside this
        program; a store that nobody else reads may drop them. Raises StorageFull, StorageFailed.
        """

    @abstractmethod
    async def open(self, key: str) -> Blob:
        """Return what is stored under `key`, without reading it. Raises BlobNotFound."""

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Remove what is stored under `key`. What is not there is fine."""

    @abstractmethod
    def list(self, prefix: str) -> AsyncIterator[str]:
        """Yield every key that starts with `prefix`, in order."""


class Manifests(Protocol):
    """The small notes beside the blobs that the catalog can be rebuilt from."""

    @abstractmethod
    async def write(self, track: Track) -> None:
        """Keep all there is to know of a track, replacing what was known. Raises as BlobStore."""

    @abstractmethod
    async def remove(self, track_id: TrackId) -> None:
        """Forget the track. One that is not there is fine."""

    @abstractmethod
    async def read(self, track_id: TrackId) -> Track | None:
        """Return the track; None without a note, or when it cannot be read, which is logged."""

    @abstractmethod
    def read_all(self) -> AsyncIterator[Track]:
        """Yield every track; a note that cannot be read is logged and passed over."""

    @abstractmethod
    def list_ids(self) -> AsyncIterator[TrackId]:
        """Yield the id of every track that has a note, readable or not."""
