"""What can go wrong with a station."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_stream.domain.errors.base import AudioStreamError

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(eq=False)
class StationBusy(AudioStreamError):
    """Another source is on air on this station."""

    station: str
    title: str
    since: datetime

    def __str__(self) -> str:
        since = self.since.isoformat(timespec="seconds")
        source = f"“{self.title}”" if self.title else "another recording"
        return f"Station {self.station} has been taken by {source} since {since}."


@dataclass(eq=False)
class StationNotFound(AudioStreamError):
    """Nobody has broadcast on this station for a while, or ever."""

    station: str

    def __str__(self) -> str:
        return f"There is no station called {self.station}."


@dataclass(eq=False)
class StationOffAir(AudioStreamError):
    """The station exists, and nobody is broadcasting on it now."""

    station: str

    def __str__(self) -> str:
        return f"Station {self.station} is off air right now."


@dataclass(eq=False)
class HouseFull(AudioStreamError):
    """As many listen, or watch, as this server has room for."""

    def __str__(self) -> str:
        return "All places on this server are taken right now. One may be free in a moment."


@dataclass(eq=False)
class InvalidStation(AudioStreamError):
    """The name cannot be a station's."""

    station: str

    def __str__(self) -> str:
        return (
            "A station's name has 1 to 63 lower-case letters, digits and dashes, "
            "and does not start with a dash."
        )
