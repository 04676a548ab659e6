"""What can go wrong where things are kept."""

from __future__ import annotations

from dataclasses import dataclass

from audio_stream.domain.errors.base import AudioStreamError


@dataclass(eq=False)
class BlobNotFound(AudioStreamError):
    """Nothing is stored under this key."""

    key: str

    def __str__(self) -> str:
        return "The stored file is missing."


@dataclass(eq=False)
class StorageFull(AudioStreamError):
    """There is no room to keep what was sent."""

    detail: str = "The server's disk is full. The recording can go on once there is room."

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class StorageFailed(AudioStreamError):
    """The disk refused to keep what was sent."""

    detail: str

    def __str__(self) -> str:
        return f"The server's disk failed: {self.detail}"


@dataclass(eq=False)
class StorageAway(StorageFailed):
    """The store that the library rests in does not answer, or refuses."""

    def __str__(self) -> str:
        return f"The library's storage is away: {self.detail}"


@dataclass(eq=False)
class CatalogAway(StorageFailed):
    """The catalog's database does not answer, or not in time."""

    def __str__(self) -> str:
        return f"The catalog's database does not answer: {self.detail}"


@dataclass(eq=False)
class SyncFailed(AudioStreamError):
    """The disk took the bytes and then could not say that it keeps them."""

    detail: str

    def __str__(self) -> str:
        return f"The server's disk could not confirm that it kept the audio: {self.detail}"


@dataclass(eq=False)
class SpoolQuotaReached(AudioStreamError):
    """The station's recordings that are not yet stored take all the room they may."""

    station: str
    limit_bytes: int

    def __str__(self) -> str:
        return (
            f"The recordings of station {self.station} that are not yet in the library take all of "
            f"the {self.limit_bytes} bytes they may. Finish one, or wait until it is stored."
        )
