"""How long an MP3 of our own making is, read off its frames: a program less to start."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from audio_stream.domain.containers.mpeg_audio import (
    ID3_HEADER_BYTES,
    MPEG_HEADER_BYTES,
    MpegFrame,
    id3_size,
    parse_mpeg_header,
)
from audio_stream.domain.errors import MediaToolFailed

if TYPE_CHECKING:
    from pathlib import Path

_PIECE_BYTES = 1 << 20
_LARGEST_FRAME_BYTES = 1 << 12
_TRIM_AT = 141
"""Where LAME's tag tells the samples added before and after, 12 bits each, behind its name."""


def mp3_seconds(path: Path) -> float:
    """Return the audible seconds of all frames, every one of which is looked at.

    Raises MediaToolFailed where anything else lies between them, or the last is cut off.
    """
    with path.open("rb") as file:
        start = id3_size(file.read(ID3_HEADER_BYTES)) or 0
        file.seek(start)
        head = file.read(_LARGEST_FRAME_BYTES)
        first = _frame(head, 0)
        added = _added_samples(head, first)
        # The frame with that tag is no sound.
        file.seek(start + (0 if added is None else first.size_bytes))
        samples = _count_samples(file)
    return max(0, samples - (added or 0)) / first.rate_hz


def _frame(data: bytes, at: int) -> MpegFrame:
    frame = parse_mpeg_header(data[at : at + MPEG_HEADER_BYTES])
    if frame is None:
        raise MediaToolFailed("The converter wrote something that is no MP3.")
    return frame


def _added_samples(head: bytes, first: MpegFrame) -> int | None:
    """Return how many samples the encoder added; None when the first frame is sound."""
    tag = head[MPEG_HEADER_BYTES + first.side_info_bytes :]
    if tag[:4] not in (b"Xing", b"Info"):
        return None
    both = int.from_bytes(tag[_TRIM_AT : _TRIM_AT + 3], "big")
    return (both >> 12) + (both & 0xFFF)


def _count_samples(file: BinaryIO) -> int:
    samples, data, at = 0, b"", 0
    while True:
        if len(data) - at < _LARGEST_FRAME_BYTES:
            more = file.read(_PIECE_BYTES)
            data, at = data[at:] + more, 0
            if not data:
                return samples
        frame = _frame(data, at)
        at += frame.size_bytes
        if at > len(data):
            raise MediaToolFailed("The converter's MP3 ends in the middle of a frame.")
        samples += frame.samples
