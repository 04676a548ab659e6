"""What can be configured, and where things lie in the bucket."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pulumi

PREFIX = "audio-stream-files/"
ORIGINALS = PREFIX + "originals/*"
MP3S = PREFIX + "mp3/*"
PLAIN_ORIGINALS = PREFIX + "*.ogg"
PLAIN_MP3S = PREFIX + "*.mp3"
NOT_WRITTEN = (ORIGINALS, PREFIX + "waveforms/*", PREFIX + "tracks/*")

ORIGINAL_SUFFIXES = (".webm", ".ogg", ".m4a", ".wav", ".flac")
"""What the function is told of. Never `.mp3`: it would call itself for ever."""

_DEFAULT_BUCKET = "dev-audio-stream-blob-storage"


@dataclass(frozen=True, slots=True)
class InfrastructureSettings:
    """What the stack's configuration says."""

    bucket_name: str
    existing_bucket: str | None
    mp3_bitrate: str
    log_retention_days: int
    reserved_concurrency: int | None


def read_settings(config: pulumi.Config) -> InfrastructureSettings:
    """Return the stack's configuration with its defaults."""
    name = config.get("bucketName") or os.environ.get("MEDIA_PERSIST_S3_BUCKET_NAME")
    return InfrastructureSettings(
        bucket_name=name or _DEFAULT_BUCKET,
        existing_bucket=config.get("existingBucket"),
        mp3_bitrate=config.get("mp3Bitrate") or "320k",
        log_retention_days=config.get_int("logRetentionDays") or 30,
        reserved_concurrency=config.get_int("reservedConcurrency"),
    )
