"""Media files by the ffmpeg command."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from audio_stream.adapters.media import arguments
from audio_stream.adapters.media.media_types import media_type
from audio_stream.adapters.media.mp3_length import mp3_seconds
from audio_stream.adapters.media.packets import PacketListing
from audio_stream.adapters.media.peaks import Peaks
from audio_stream.adapters.media.run import LimitedFfmpeg, Limits
from audio_stream.adapters.media.sources import (
    Sound,
    disk_errors,
    look_at,
    readable,
    scratch_beside,
)
from audio_stream.adapters.media.streaminfo import tell_length
from audio_stream.domain.containers.container import Container
from audio_stream.domain.errors import MediaToolFailed, NoAudio, PacketsLost, UnsupportedMedia
from audio_stream.usecases.ports import Finalised, MediaTool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from audio_stream.adapters.media.arguments import Form
    from audio_stream.adapters.media.run import Finished
    from audio_stream.domain.titles import Title

# What cannot be read at all in a file this small is a header, and a first packet cut short. In a
# larger one it may be audio that we fail to read, and nobody shall take that for none.
_HARDLY_AUDIO_BYTES = 16 * 1024

_REVISION_DIGITS = 16


class FfmpegMedia(MediaTool):
    """Makes files of files with ffmpeg, each run under limits (see `run.Limits`)."""

    def __init__(
        self,
        ffmpeg: Path,
        *,
        mp3_bitrate: str = "320k",
        time_limit_s: float = 3600.0,
        memory_limit_bytes: int = 1 << 30,
        file_limit_bytes: int = 8 << 30,
        at_once: int = 1,
    ) -> None:
        self._mp3_bitrate = arguments.check_bitrate(mp3_bitrate)
        limits = Limits(time_limit_s, memory_limit_bytes, file_limit_bytes)
        self._time_limit_s = time_limit_s
        self._ffmpeg = LimitedFfmpeg(ffmpeg, limits)
        self._places = asyncio.Semaphore(at_once)

    async def finalise(self, source: Path, target: Path) -> Finalised:
        """Try one form of a copy after the other until one has all packets; else keep the raw.

        No further form is tried once the time of one run has gone by.
        """
        async with readable(source, target) as sound:
            packets = await self._list_packets(sound)
            reason, deadline_s = "", time.monotonic() + self._time_limit_s
            for form in arguments.copy_forms(sound.container, packets.codec):
                if reason and time.monotonic() >= deadline_s:
                    break
                try:
                    return await self._copy(sound, packets, form, target)
                except (MediaToolFailed, PacketsLost) as error:
                    reason = reason or str(error)
            async with scratch_beside(target) as scratch:
                await asyncio.to_thread(shutil.copyfile, source, scratch)
                return await _keep(scratch, target, sound.container, packets, reason)

    async def encode_mp3(
        self, source: Path, target: Path, *, title: Title, created_at: datetime
    ) -> None:
        """Encode beside `target`, compare the durations, then rename."""
        with _only_failures():
            async with readable(source, target) as sound, scratch_beside(target) as scratch:
                command = arguments.encode_mp3(
                    sound.path,
                    sound.container,
                    scratch,
                    bitrate=self._mp3_bitrate,
                    title=title,
                    created_at=created_at,
                )
                packets = PacketListing()
                await self._write(command, packets.feed)
                packets.check_duration(await asyncio.to_thread(mp3_seconds, scratch))
                await asyncio.to_thread(scratch.replace, target)

    async def measure_peaks(self, source: Path) -> bytes:
        """Decode through a pipe: however long the source, little of it is held at once."""
        peaks = Peaks(arguments.PCM_RATE_HZ)
        with _only_failures():
            async with readable(source, source) as sound:
                command = arguments.decode_pcm(sound.path, sound.container)
                finished = await self._run(command, peaks.feed)
        if peaks.empty:
            raise MediaToolFailed(f"The audio cannot be decoded: {finished.reason}")
        return peaks.to_json()

    async def _copy(
        self, sound: Sound, packets: PacketListing, form: Form, target: Path
    ) -> Finalised:
        # A copy that turns out empty says nothing of the recording.
        with _only_failures(), disk_errors():
            async with scratch_beside(target) as scratch:
                command = arguments.copy_packets(
                    sound.path,
                    sound.container,
                    scratch,
                    form,
                    duration_s=packets.duration_s,
                    retimed=not packets.has_sane_times,
                )
                await self._write(command)
                copy = await self._list_packets(await look_at(scratch, form.container))
                packets.check_copy(copy)
                if form.container is Container.FLAC:
                    await asyncio.to_thread(tell_length, scratch, copy.duration_s)
                return await _keep(scratch, target, form.container, copy, None)

    async def _run(
        self, command: Sequence[str], consume: Callable[[bytes], None] | None = None
    ) -> Finished:
        """Run ffmpeg when it is its turn: more at once than processors gain nothing."""
        async with self._places:
            return await self._ffmpeg.run(command, consume)

    async def _list_packets(self, sound: Sound) -> PacketListing:
        packets = PacketListing()
        command = arguments.list_packets(sound.path, sound.container)
        finished = await self._run(command, packets.feed)
        # The exit status says little: it is 0 for much that is broken, and not for what is whole
        # but for its end.
        if packets.count:
            return packets
        if sound.size_bytes <= _HARDLY_AUDIO_BYTES:
            raise NoAudio
        raise MediaToolFailed(f"No audio could be read: {finished.reason}")

    async def _write(
        self, command: Sequence[str], consume: Callable[[bytes], None] | None = None
    ) -> None:
        finished = await self._run(command, consume)
        # ffmpeg 5.1 ends well even where it could not write a file's index.
        if finished.status or "Error writing trailer" in finished.errors:
            raise MediaToolFailed(f"The converter failed: {finished.reason}")


async def _keep(
    scratch: Path, target: Path, container: Container, packets: PacketListing, raw: str | None
) -> Finalised:
    """Rename a finished file to its target."""
    revision, size_bytes = await asyncio.to_thread(_identify, scratch)
    await asyncio.to_thread(scratch.replace, target)
    return Finalised(
        mime_type=media_type(container, packets.codec),
        duration_s=packets.duration_s,
        revision=revision,
        size_bytes=size_bytes,
        kept_raw_because=raw,
    )


def _identify(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest()[:_REVISION_DIGITS], file.tell()


@contextmanager
def _only_failures() -> Iterator[None]:
    """Tell of a source that cannot be used as of work that failed."""
    try:
        yield
    except (NoAudio, UnsupportedMedia) as error:
        raise MediaToolFailed(str(error)) from error
