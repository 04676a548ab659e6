"""How much of the spool each station takes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audio_stream.domain.ids import RecordingId, StationSlug
    from audio_stream.domain.recordings import Recording


class StationUsage:
    """Counts along, so that nobody need look at the disk for each append."""

    def __init__(self) -> None:
        self._stations: dict[RecordingId, StationSlug] = {}
        self._sizes: Counter[RecordingId] = Counter()
        self._totals: Counter[StationSlug] = Counter()

    def knows(self, recording_id: RecordingId) -> bool:
        """Tell whether the recording is counted."""
        return recording_id in self._stations

    def add(self, recording: Recording, size_bytes: int) -> None:
        """Begin to count a recording."""
        self._stations[recording.id] = recording.station
        self.change(recording.id, size_bytes)

    def change(self, recording_id: RecordingId, by_bytes: int) -> None:
        """Count growth, or its contrary. One that is not counted is passed over."""
        station = self._stations.get(recording_id)
        if station is not None:
            self._sizes[recording_id] += by_bytes
            self._totals[station] += by_bytes

    def remove(self, recording_id: RecordingId) -> None:
        """Count a recording no longer. One that is not counted is fine."""
        self.change(recording_id, -self._sizes[recording_id])
        self._sizes.pop(recording_id, None)
        self._stations.pop(recording_id, None)

    def of(self, station: StationSlug) -> int:
        """Return how many bytes a station's recordings hold."""
        return self._totals[station]
