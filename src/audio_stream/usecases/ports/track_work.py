"""Work behind the requests, as the use cases need it."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from audio_stream.domain.ids import TrackId


class TrackWork(Protocol):
    """Work on tracks that goes on in the background, a few at a time."""

    @abstractmethod
    def schedule(self, track_id: TrackId) -> None:
        """See to the track soon; twice is as good as once.

        A restart forgets what was scheduled: ResumeWork finds it again in the catalog.
        """
