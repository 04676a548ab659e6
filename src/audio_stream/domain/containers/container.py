"""The containers of audio that are known here."""

from __future__ import annotations

from enum import Enum


class Container(Enum):
    """How a file or a live source wraps its audio."""

    WEBM = ("audio/webm", "WebM")
    OGG = ("audio/ogg", "Ogg")
    MP4 = ("audio/mp4", "MP4")
    MP3 = ("audio/mpeg", "MP3")
    WAV = ("audio/wav", "WAV")
    FLAC = ("audio/flac", "FLAC")
    ADTS = ("audio/aac", "AAC (ADTS)")

    def __init__(self, mime_type: str, label: str) -> None:
        self.mime_type = mime_type
        """The media type without codecs, e.g. `audio/webm`."""
        self.label = label
        """Its name for people."""
