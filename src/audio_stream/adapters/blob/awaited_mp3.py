"""MP3s that a Lambda makes as soon as an original is stored: looked for, never asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import BlobNotFound, MediaToolFailed
from audio_stream.domain.tracks import mp3_key, ready_mp3
from audio_stream.usecases.ports import Mp3Converter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from audio_stream.domain.tracks import Rendition, Track
    from audio_stream.usecases.ports import BlobStore, Clock


class AwaitedMp3Converter(Mp3Converter):
    """Finds the MP3 at its key, or gives up on it after `patience_s`.

    `announce` has the store tell the Lambda of a stored original once more.
    """

    def __init__(
        self,
        *,
        blobs: BlobStore,
        announce: Callable[[str], Awaitable[None]],
        clock: Clock,
        patience_s: float,
    ) -> None:
        self._blobs = blobs
        self._announce = announce
        self._clock = clock
        self._patience_s = patience_s
        self._waiting_since_s: dict[str, float] = {}

    async def convert(self, track: Track) -> Rendition | None:
        """Return the MP3 if it is there by now. A restart begins the waiting anew."""
        if track.revision is None:
            raise BlobNotFound(f"the original of {track.id}")
        key = mp3_key(track.id, track.revision)
        try:
            blob = await self._blobs.open(key)
        except BlobNotFound:
            self._check_patience(key)
            return None
        self._waiting_since_s.pop(key, None)
        return ready_mp3(track.id, track.revision, blob.size_bytes)

    async def start_over(self, track: Track) -> None:
        """Wait anew, and have the Lambda told of the original again."""
        if track.revision is None or track.original.key is None:
            raise BlobNotFound(f"the original of {track.id}")
        self._waiting_since_s.pop(mp3_key(track.id, track.revision), None)
        await self._announce(track.original.key)

    def _check_patience(self, key: str) -> None:
        now_s = self._clock.monotonic_s()
        since_s = self._waiting_since_s.setdefault(key, now_s)
        if now_s - since_s > self._patience_s:
            del self._waiting_since_s[key]
            raise MediaToolFailed(
                f"The converter made no MP3 within {self._patience_s / 60:.0f} minutes. "
                "Its log and its failure queue tell why; it can be tried again."
            )
