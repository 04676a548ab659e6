"""A media tool that needs no ffmpeg: it copies bytes, and fails when it is told to."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING

from audio_stream.domain.containers.sniffing import SNIFF_BYTES, sniff
from audio_stream.domain.errors import MediaToolFailed, NoAudio, UnsupportedMedia
from audio_stream.usecases.ports import Finalised, MediaTool

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from audio_stream.domain.titles import Title

BYTES_PER_S = 8000
"""What the fake takes every sound for: 64 kbit/s, whatever its container."""


class MemoryMediaTool(MediaTool):
    """Sniffs and copies; each `fail_next_…` makes that one call fail once."""

    def __init__(self) -> None:
        self.fail_next_finalise: Exception | None = None
        self.fail_next_mp3: Exception | None = None
        self.fail_next_peaks: Exception | None = None
        self.keep_raw_because: str | None = None
        """Says so of every copy until it is None again."""
        self.finalised: list[bytes] = []
        """The bytes of each source that was finalised, in order."""

    async def finalise(self, source: Path, target: Path) -> Finalised:
        error, self.fail_next_finalise = self.fail_next_finalise, None
        if error is not None:
            raise error
        data = await asyncio.to_thread(source.read_bytes)
        mime_type = _sniff(data)
        self.finalised.append(data)
        await asyncio.to_thread(target.write_bytes, data)
        return Finalised(
            mime_type=mime_type,
            duration_s=len(data) / BYTES_PER_S,
            revision=hashlib.sha256(data).hexdigest()[:16],
            size_bytes=len(data),
            kept_raw_because=self.keep_raw_because,
        )

    async def encode_mp3(
        self, source: Path, target: Path, *, title: Title, created_at: datetime
    ) -> None:
        error, self.fail_next_mp3 = self.fail_next_mp3, None
        if error is not None:
            raise error
        data = await _read_audio(source)
        tag = f"ID3 {title} {created_at.date()}\n".encode()
        await asyncio.to_thread(target.write_bytes, tag + data)

    async def measure_peaks(self, source: Path) -> bytes:
        error, self.fail_next_peaks = self.fail_next_peaks, None
        if error is not None:
            raise error
        data = await _read_audio(source)
        pieces = [
            data[at : at + BYTES_PER_S // 10] for at in range(0, len(data), BYTES_PER_S // 10)
        ]
        waveform = {
            "version": 2,
            "channels": 1,
            "sample_rate": BYTES_PER_S,
            "samples_per_pixel": BYTES_PER_S // 10,
            "bits": 8,
            "length": len(pieces),
            "data": [peak - 128 for piece in pieces for peak in (min(piece), max(piece))],
        }
        return json.dumps(waveform).encode()


async def _read_audio(source: Path) -> bytes:
    try:
        data = await asyncio.to_thread(source.read_bytes)
        _sniff(data)
    except (FileNotFoundError, NoAudio, UnsupportedMedia) as error:
        raise MediaToolFailed(str(error)) from error
    return data


def _sniff(data: bytes) -> str:
    """Raise NoAudio for what ends before it says what it is, as a cut header does."""
    prefix = data[:SNIFF_BYTES]
    container = sniff(prefix)
    if container is None:
        try:
            container = sniff(prefix, whole=True)
        except UnsupportedMedia as error:
            raise NoAudio from error
    if container is None or not data:
        raise NoAudio
    return container.mime_type
