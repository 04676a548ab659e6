"""Live sound to MP3 by the ffmpeg command."""

from __future__ import annotations

import asyncio
import socket
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from audio_stream.adapters.media import arguments
from audio_stream.adapters.media.media_types import container_of
from audio_stream.adapters.media.run import Finished, Limits, end, keep_complaints, start_limited
from audio_stream.domain.errors import MediaToolFailed
from audio_stream.usecases.ports import LiveTranscoder, Transcoding

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator
    from pathlib import Path

# It lives as long as its station is heard: a month of a processor makes years of MP3.
_LIMITS = Limits(time_s=30 * 86400, memory_bytes=1 << 30, file_bytes=0)
_USUAL_PRIORITY = 0


class FfmpegLiveTranscoder(LiveTranscoder):
    """Starts ffmpeg with a socket as its standard input.

    So it can be fed as listeners are, whose connections are sockets too: what waits for it is
    bounded, and when it hangs it is skipped ahead.
    """

    def __init__(self, ffmpeg: Path, *, bitrate: str) -> None:
        self._ffmpeg = ffmpeg
        self._bitrate = arguments.check_bitrate(bitrate)

    @asynccontextmanager
    async def start(self, media_type: str) -> AsyncIterator[Transcoding]:
        """Start ffmpeg; kill it on leaving. Raises MediaToolFailed if it ended badly before."""
        command = arguments.live_mp3(container_of(media_type), bitrate=self._bitrate)
        ours, theirs = _socketpair()
        try:
            with theirs:
                process = await self._start(command, theirs)
        except BaseException:
            ours.close()
            raise
        errors = bytearray()
        complaining = asyncio.create_task(keep_complaints(process, errors))
        try:
            source, _ = await asyncio.get_running_loop().create_connection(
                asyncio.Protocol, sock=ours
            )
            mp3 = process.stdout or asyncio.StreamReader()
            try:
                yield Transcoding(source, mp3)
            finally:
                if not source.is_closing() or source.get_write_buffer_size():
                    source.abort()  # asyncio fails at aborting what has ended after a last write
            if mp3.at_eof():
                await complaining
                _check(Finished(await process.wait(), errors.decode("utf-8", "replace")))
        finally:
            complaining.cancel()
            await end(process)

    async def _start(self, command: list[str], stdin: socket.socket) -> Process:
        try:
            return await start_limited(
                [str(self._ffmpeg), *command],
                _LIMITS,
                niceness=_USUAL_PRIORITY,
                stdin=stdin,
                stdout=PIPE,
            )
        except OSError as error:
            raise _not_started(error) from error


def _socketpair() -> tuple[socket.socket, socket.socket]:
    try:
        return socket.socketpair()
    except OSError as error:
        raise _not_started(error) from error


def _not_started(error: OSError) -> MediaToolFailed:
    return MediaToolFailed(f"ffmpeg could not be started: {error.strerror}")


def _check(finished: Finished) -> None:
    if finished.status:
        raise MediaToolFailed(f"The converter of live sound failed: {finished.reason}")
