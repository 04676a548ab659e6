"""All stations' live sound in this process's memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from audio_stream.adapters.live.broadcast import MemoryBroadcast
from audio_stream.adapters.live.limits import LiveLimits
from audio_stream.adapters.live.passes import Passes
from audio_stream.adapters.live.timer import Timer
from audio_stream.domain.errors import HouseFull, StationBusy, StationNotFound, StationOffAir
from audio_stream.domain.events import StationChanged
from audio_stream.domain.titles import Title
from audio_stream.usecases.ports import LiveFeed, StationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_stream.adapters.live.timer import CallLater
    from audio_stream.domain.containers.segments import MediaSegment
    from audio_stream.domain.ids import RecordingId, StationSlug
    from audio_stream.domain.recordings import Recording
    from audio_stream.usecases.ports import Clock, EventSink

_AUDIENCE_NEWS_EVERY_S = 1.0
_REMEMBERED_S = 3600.0
"""For so long a station is listed that is off air and that nobody asks for."""


@dataclass(slots=True)
class _Station:
    slug: StationSlug
    recording: Recording | None = None
    """Whose station it is now; on air once there is a broadcast."""
    broadcast: MemoryBroadcast | None = None
    news_due: bool = False
    wanted_s: float = 0.0
    """When somebody last sent to it, or asked for it."""


class MemoryLiveFeed(LiveFeed):
    """Stations, who has them, and who listens. Lives on one event loop."""

    def __init__(
        self,
        *,
        default_station: StationSlug,
        events: EventSink,
        clock: Clock,
        drop_after_s: float = 30.0,
        most_listeners: int = 0,
        call_later: CallLater | None = None,
    ) -> None:
        self._events = events
        self._limits = LiveLimits(drop_after_s=drop_after_s)
        self._most_listeners = most_listeners
        self._timer = Timer(clock, call_later)
        self._passes = Passes(self._timer)
        self._default = _Station(default_station)
        self._stations = {default_station: self._default}

    def claim(self, recording: Recording) -> None:
        """Give the station to this recording. Raises StationBusy if another one has it."""
        station = self._stations.get(recording.station)
        if station is None:  # all others are not looked at for each append to this one
            self._forget_unwanted()
            station = self._stations[recording.station] = _Station(recording.station)
        holder = station.recording
        if holder is None:
            station.recording = recording
        elif holder.id != recording.id:
            raise StationBusy(station=station.slug, title=holder.title, since=holder.started_at)

    def publish(
        self,
        recording: Recording,
        *,
        media_type: str,
        initialization: bytes,
        segments: Sequence[MediaSegment],
    ) -> None:
        """Hand segments to every listener; another initialization begins another broadcast."""
        station = self._stations.get(recording.station)
        if station is None or station.recording is None or station.recording.id != recording.id:
            return
        if station.broadcast is not None and station.broadcast.initialization != initialization:
            self._end_broadcast(station)
        if station.broadcast is None:
            station.broadcast = MemoryBroadcast(
                media_type=media_type,
                initialization=initialization,
                limits=self._limits,
                timer=self._timer,
                passes=self._passes,
                on_audience=partial(self._audience_changed, station),
            )
            self._announce(station)
        if segments:
            station.broadcast.add(segments)

    def release(self, recording_id: RecordingId) -> None:
        """End the broadcast: the listeners' responses end, the station is free."""
        station = self._held_by(recording_id)
        if station is None:
            return
        station.recording = None
        station.wanted_s = self._timer.monotonic_s()
        if station.broadcast is not None:
            self._end_broadcast(station)
            self._announce(station)

    def on_air(self, station: StationSlug) -> MemoryBroadcast:
        """Return what can be joined now. Raises StationNotFound, StationOffAir or HouseFull."""
        found = self._stations.get(station)
        broadcast = None if found is None else found.broadcast
        if broadcast is None:
            self._forget_unwanted()
            if found is None or station not in self._stations:
                raise StationNotFound(station)
            found.wanted_s = self._timer.monotonic_s()
            raise StationOffAir(station)
        if self._most_listeners and self._audience() >= self._most_listeners:
            raise HouseFull
        return broadcast

    def stations(self) -> Sequence[StationStatus]:
        """Return the default station first, then all others heard of lately, by name."""
        self._forget_unwanted()
        others = sorted(self._stations.keys() - {self._default.slug})
        return [_status(self._stations[slug]) for slug in (self._default.slug, *others)]

    def carries(self, recording_id: RecordingId) -> bool:
        """Tell whether this recording is on air."""
        station = self._held_by(recording_id)
        return station is not None and station.broadcast is not None

    def title_changed(self, recording_id: RecordingId, title: Title) -> None:
        """Show another title for the recording on air."""
        station = self._held_by(recording_id)
        if station is not None and station.recording is not None:
            station.recording = replace(station.recording, title=title)
            self._announce(station)

    def _forget_unwanted(self) -> None:
        too_long_ago_s = self._timer.monotonic_s() - _REMEMBERED_S
        for station in list(self._stations.values()):
            wanted = station.recording is not None or station.wanted_s > too_long_ago_s
            if not wanted and station is not self._default:
                del self._stations[station.slug]

    def _audience(self) -> int:
        stations = self._stations.values()
        return sum(len(s.broadcast) for s in stations if s.broadcast is not None)

    def _held_by(self, recording_id: RecordingId) -> _Station | None:
        for station in self._stations.values():
            if station.recording is not None and station.recording.id == recording_id:
                return station
        return None

    def _end_broadcast(self, station: _Station) -> None:
        broadcast, station.broadcast = station.broadcast, None
        if broadcast is not None:
            broadcast.end()

    def _announce(self, station: _Station) -> None:
        self._events.publish(StationChanged(station.slug))

    def _audience_changed(self, station: _Station) -> None:
        if not station.news_due:
            station.news_due = True
            self._timer.call_later(
                _AUDIENCE_NEWS_EVERY_S, partial(self._announce_audience, station)
            )

    def _announce_audience(self, station: _Station) -> None:
        station.news_due = False
        self._announce(station)


def _status(station: _Station) -> StationStatus:
    recording, broadcast = station.recording, station.broadcast
    if recording is None or broadcast is None:
        return StationStatus(
            station=station.slug,
            title=Title(""),
            live=False,
            started_at=None,
            listeners=0,
            mime_type=None,
        )
    return StationStatus(
        station=station.slug,
        title=recording.title,
        live=True,
        started_at=recording.started_at,
        listeners=len(broadcast),
        mime_type=broadcast.media_type,
    )
