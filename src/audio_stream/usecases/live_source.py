"""The way of one recording's bytes on air."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.containers.sniffing import (
    SNIFF_BYTES,
    new_splitter,
    sniff,
)
from audio_stream.domain.errors import MalformedMedia, StationBusy, UnsupportedMedia
from audio_stream.domain.live_edge import LiveEdge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_stream.domain.containers.segments import MediaSegment, Splitter
    from audio_stream.domain.recordings import Recording
    from audio_stream.usecases.ports import Clock, LiveFeed


class LiveSource:
    """Sniffs a recording's first bytes, splits what follows and publishes it at the live edge.

    A file that does not go on air is only sniffed.
    """

    def __init__(self, recording: Recording, live: LiveFeed, clock: Clock) -> None:
        self._recording = recording
        self._live = live
        self._clock = clock
        self._prefix = b""
        self._known = False
        self._splitter: Splitter | None = None
        self._edge = LiveEdge()
        self._first_s: float | None = None
        self._last_s = 0.0
        self.off_air_reason: str | None = None
        """Why this recording cannot be heard live though it is kept, for a person to read."""

    @property
    def duration_s(self) -> float | None:
        """How much sound has come, in seconds; None while that cannot be told."""
        return None if self._first_s is None else max(0.0, self._last_s - self._first_s)

    def needs_replay(self, size_bytes: int) -> bool:
        """Tell whether the first `size_bytes` are to be taken in again after a restart.

        Those of a file that does not go on air are not: they were sniffed as they came.
        """
        self._known = not self._recording.live and size_bytes >= SNIFF_BYTES
        return size_bytes > 0 and not self._known

    def replay(self, offset: int, data: bytes) -> None:
        """Take in bytes that came before a restart, without publishing them."""
        try:
            self._split(offset, data)
        except (UnsupportedMedia, MalformedMedia) as error:
            self.off_air_reason = str(error)

    def feed(self, offset: int, data: bytes) -> None:
        """Publish what `data`, which lies at spool `offset`, completes.

        Raises UnsupportedMedia or MalformedMedia while nothing of the recording can be played
        yet. Damage further on only takes it off air: its bytes are kept all the same.
        """
        try:
            segments = self._split(offset, data)
        except MalformedMedia as error:
            if self._splitter is None or self._splitter.initialization is None:
                raise
            self.off_air_reason = str(error)
            self._live.release(self._recording.id)
            return
        if self.off_air_reason is None and self._recording.live:
            self._publish(segments)

    def _split(self, offset: int, data: bytes) -> list[MediaSegment]:
        if not self._known:
            if offset != len(self._prefix):  # seen already: the append before it failed
                data = data[len(self._prefix) - offset :]
            self._prefix += data
            container = sniff(self._prefix, live=self._recording.live)
            if container is None:
                return []
            self._known = True
            if self._recording.live:
                self._splitter = new_splitter(container)
            offset, data, self._prefix = 0, self._prefix, b""
        if self._splitter is None:
            return []
        segments = self._splitter.feed(offset, data)
        if segments:
            if self._first_s is None:
                self._first_s = segments[0].time_s
            self._last_s = segments[-1].time_s
        return segments

    def _publish(self, segments: Sequence[MediaSegment]) -> None:
        splitter = self._splitter
        if splitter is None or splitter.initialization is None or splitter.media_type is None:
            return
        try:
            self._live.claim(self._recording)
        except StationBusy:
            return  # it stays off air until the station is free
        now_s = self._clock.monotonic_s()
        self._live.publish(
            self._recording,
            media_type=splitter.media_type,
            initialization=splitter.initialization,
            segments=[s for s in segments if self._edge.is_at_edge(s.time_s, now_s)],
        )
