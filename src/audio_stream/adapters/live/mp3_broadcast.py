"""A broadcast as MP3: one converter, which listens as listeners do, and those who hear it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from audio_stream.domain.containers.container import Container
from audio_stream.domain.containers.mp3 import Mp3Splitter
from audio_stream.domain.errors import MalformedMedia, MediaToolFailed
from audio_stream.usecases.ports import Broadcast

if TYPE_CHECKING:
    from collections.abc import Callable

    from audio_stream.adapters.live.broadcast import MemoryBroadcast
    from audio_stream.adapters.live.timer import Timer
    from audio_stream.usecases.ports import LiveTranscoder

MP3 = Container.MP3.mime_type
_PIECE_BYTES = 64 * 1024
_FRAME_S = 0.026
_PAUSE_S = 0.2
_VAIN_STARTS = 4
"""So many converters in a row that gave no sound are enough to give up."""


class Mp3Broadcast(Broadcast):
    """Converts from the first listener on until `linger_s` after the last, or the source's end.

    A converter that dies, or gives nothing for `stall_s` while the source goes on, is replaced.
    """

    def __init__(
        self,
        source: MemoryBroadcast,
        *,
        transcoder: LiveTranscoder,
        timer: Timer,
        linger_s: float,
        stall_s: float,
        on_trouble: Callable[[str], None],
    ) -> None:
        self.source = source
        self._transcoder = transcoder
        self._timer = timer
        self._linger_s = linger_s
        self._stall_s = stall_s
        self._on_trouble = on_trouble
        self._sound = source.relay(MP3, self._audience_changed)
        self._converting: asyncio.Task[None] | None = None
        self._left = 0

    @property
    def media_type(self) -> str:
        """MP3's."""
        return MP3

    @property
    def is_over(self) -> bool:
        """Whether nothing will come of it any more."""
        return self.source.is_over and not self._is_converting

    def join(self, transport: asyncio.Transport, *, chunked: bool, backlog_s: float) -> None:
        """Take over a listener's connection; the first one's backlog is the converter's."""
        if not self._is_converting:
            self._sound = self.source.relay(MP3, self._audience_changed)
            convert = self._convert(self._sound, backlog_s)
            self._converting = asyncio.get_running_loop().create_task(convert)
        self._sound.join(transport, chunked=chunked, backlog_s=backlog_s)

    async def close(self) -> None:
        """End the converter and the listeners' responses."""
        self._stop()
        if self._converting is not None:
            with suppress(asyncio.CancelledError):
                await self._converting

    @property
    def _is_converting(self) -> bool:
        return self._converting is not None and not self._sound.is_over

    def _audience_changed(self) -> None:
        listeners = len(self._sound)
        self.source.count_elsewhere(listeners)
        if listeners == 0:
            self._left += 1
            self._timer.call_later(self._linger_s, partial(self._stop_if_empty, self._left))

    def _stop_if_empty(self, left: int) -> None:
        if left == self._left and len(self._sound) == 0:
            self._stop()

    def _stop(self) -> None:
        self._sound.end()
        if self._converting is not None:
            self._converting.cancel()

    async def _convert(self, sound: MemoryBroadcast, backlog_s: float) -> None:
        """Keep a converter at work, one after the other if need be."""
        vain = 0
        try:
            while not self.source.is_over and vain < _VAIN_STARTS:
                if await self._run_converter(sound, backlog_s):
                    vain, backlog_s = 0, 0.0
                else:
                    vain += 1
                if not self.source.is_over:
                    await asyncio.sleep(_PAUSE_S * (1 + vain))
        finally:
            sound.end()

    async def _run_converter(self, sound: MemoryBroadcast, backlog_s: float) -> bool:
        """Return, when the converter has ended, whether any sound came from it."""
        splitter = Mp3Splitter()
        try:
            async with self._transcoder.start(self.source.media_type) as converter:
                self.source.feed(converter.source, backlog_s=backlog_s)
                begin_s = 0.0 if sound.newest_s is None else sound.newest_s + _FRAME_S
                while piece := await self._read(converter.mp3):
                    frames = splitter.feed(splitter.offset, piece)
                    sound.add([replace(f, time_s=begin_s + f.time_s) for f in frames])
        except (MediaToolFailed, MalformedMedia) as error:
            self._on_trouble(str(error))
        return splitter.initialization is not None

    async def _read(self, mp3: asyncio.StreamReader) -> bytes:
        """Return what comes next, b"" at the end. Raises MediaToolFailed when nothing does."""
        while True:
            newest_s = self.source.newest_s
            with suppress(TimeoutError):
                async with asyncio.timeout(self._stall_s):
                    return await mp3.read(_PIECE_BYTES)
            if self.source.is_over or self.source.newest_s != newest_s:
                raise MediaToolFailed("The converter of live sound hangs.")
