"""The index of recordings and tracks, as the use cases need it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_stream.domain.ids import RecordingId, TrackId
    from audio_stream.domain.recordings import Recording
    from audio_stream.domain.tracks import Track


class RecordingCatalog(Protocol):
    """The index of recordings. The spool is the truth; this can be rebuilt from it."""

    @abstractmethod
    async def add_recording(self, recording: Recording) -> None:
        """Keep a new recording, durably. One with the same id is left as it is."""

    @abstractmethod
    async def get_recording(self, recording_id: RecordingId) -> Recording:
        """Return the recording. Raises RecordingNotFound."""

    @abstractmethod
    async def save_recording(self, recording: Recording) -> Recording:
        """Replace the row of the same id *and version* in one step; return it one version on.

        Raises RecordingChanged if the row has another version or is not there.
        """

    @abstractmethod
    async def list_recordings(self) -> Sequence[Recording]:
        """Return, oldest first, every recording that may still have a spool file to see to.

        That is all that are not discarded: recording, interrupted, finished and failed.
        """


@dataclass(frozen=True, slots=True)
class TrackPage:
    """One page of the library, newest first."""

    tracks: Sequence[Track]
    next_cursor: str | None
    """Opaque; None on the last page."""


class TrackCatalog(Protocol):
    """The index of tracks."""

    @abstractmethod
    async def add_track(self, track: Track) -> None:
        """Keep a new track, durably. One with the same id is left as it is."""

    @abstractmethod
    async def add_tracks(self, added: Sequence[Track]) -> None:
        """Keep all of them or, after an error, none, as `add_track` does."""

    @abstractmethod
    async def get_track(self, track_id: TrackId) -> Track:
        """Return the track. Raises TrackNotFound."""

    @abstractmethod
    async def find_track(self, name: str) -> Track:
        """Return the newest track of that `name` in addresses. Raises TrackNotFound."""

    @abstractmethod
    async def save_track(self, track: Track) -> Track:
        """Replace the row of the same id *and version* in one step; return it one version on.

        Raises TrackChanged if the row has another version, TrackNotFound if it is not there.
        """

    @abstractmethod
    async def delete_track(self, track_id: TrackId) -> None:
        """Forget the track. One that is not there is fine."""

    @abstractmethod
    async def page_tracks(self, *, query: str, cursor: str | None, limit: int) -> TrackPage:
        """Return up to `limit` tracks, by `created_at` and id, newest first, after `cursor`.

        Keyset paging: a track added or deleted meanwhile neither repeats nor hides another.
        `query`: every word of it stands somewhere in the title or the station, whatever the case
        (Unicode); no character in it is a wildcard. Raises InvalidRequest for a cursor that no
        page gave, and for a query of more than 100 words.
        """

    @abstractmethod
    async def list_unfinished_tracks(self) -> Sequence[TrackId]:
        """Return, oldest first, the tracks that are processing or whose MP3 is pending."""
