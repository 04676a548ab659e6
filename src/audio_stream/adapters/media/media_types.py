"""Media types of files, with the codecs parameter where the container leaves it open."""

from __future__ import annotations

from audio_stream.domain.containers.container import Container

_CODECS = {
    "opus": "opus",
    "vorbis": "vorbis",
    "flac": "flac",
    # Low complexity; a decoder of it takes the other profiles too, at worst without the extras.
    "aac": "mp4a.40.2",
    "mp3": "mp3",
    "alac": "alac",
}

_OPEN = (Container.WEBM, Container.OGG, Container.MP4)


def media_type(container: Container, codec: str) -> str:
    """Return e.g. `audio/webm;codecs=opus`; `codec` is ffmpeg's name (RFC 6381 for the answer)."""
    if container in _OPEN and codec in _CODECS:
        return f"{container.mime_type};codecs={_CODECS[codec]}"
    return container.mime_type


def container_of(media_type: str) -> Container:
    """Return the container of e.g. `audio/webm;codecs=opus`. Raises ValueError."""
    name = media_type.partition(";")[0].strip()
    for container in Container:
        if container.mime_type == name:
            return container
    raise ValueError(f"{media_type} is no container's media type.")
