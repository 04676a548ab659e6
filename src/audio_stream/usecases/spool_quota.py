"""How much of the disk one station may take until its recordings are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import SpoolQuotaReached

if TYPE_CHECKING:
    from audio_stream.domain.ids import StationSlug
    from audio_stream.usecases.ports import Spool


class SpoolQuota:
    """Keeps one station from taking the room of all others. A limit of 0 is none."""

    def __init__(self, spool: Spool, limit_bytes: int) -> None:
        self._spool = spool
        self._limit_bytes = limit_bytes

    def check(self, station: StationSlug, more_bytes: int) -> None:
        """Raise SpoolQuotaReached if so many more bytes would be too many."""
        if not self._limit_bytes or not more_bytes:
            return
        if self._spool.station_bytes(station) + more_bytes > self._limit_bytes:
            raise SpoolQuotaReached(station, self._limit_bytes)
