"""All stations' live sound as MP3, converted while somebody listens."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Self

from audio_stream.adapters.live.mp3_broadcast import MP3, Mp3Broadcast
from audio_stream.adapters.live.timer import Timer
from audio_stream.usecases.ports import LiveMp3

if TYPE_CHECKING:
    from types import TracebackType

    from audio_stream.adapters.live.memory_live_feed import MemoryLiveFeed
    from audio_stream.adapters.live.timer import CallLater
    from audio_stream.domain.ids import StationSlug
    from audio_stream.usecases.ports import Broadcast, Clock, Journal, LiveTranscoder


class Mp3Feed(LiveMp3):
    """Gives each broadcast its MP3; a source of MP3 is heard as it is. `async with` ends all."""

    def __init__(
        self,
        *,
        live: MemoryLiveFeed,
        transcoder: LiveTranscoder,
        clock: Clock,
        journal: Journal,
        linger_s: float = 30.0,
        stall_s: float = 10.0,
        call_later: CallLater | None = None,
    ) -> None:
        self._live = live
        self._journal = journal
        self._broadcasts: dict[StationSlug, Mp3Broadcast] = {}
        self._new_broadcast = partial(
            Mp3Broadcast,
            transcoder=transcoder,
            timer=Timer(clock, call_later),
            linger_s=linger_s,
            stall_s=stall_s,
        )

    async def __aenter__(self) -> Self:
        """Do nothing: the first listener begins."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End every converter, and with it its listeners' responses."""
        for broadcast in self._broadcasts.values():
            await broadcast.close()

    def on_air(self, station: StationSlug) -> Broadcast:
        """Return the station's sound as MP3. Raises what the live feed's `on_air` does."""
        source = self._live.on_air(station)
        if source.media_type == MP3:
            return source
        self._broadcasts = {slug: b for slug, b in self._broadcasts.items() if not b.is_over}
        broadcast = self._broadcasts.get(station)
        if broadcast is None or broadcast.source is not source:
            journal = partial(self._journal.note, "live MP3 trouble", station)
            broadcast = self._new_broadcast(source, on_trouble=lambda why: journal(reason=why))
            self._broadcasts[station] = broadcast
        return broadcast
