"""One original to one MP3, by the same code that the web app converts with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from audio_stream.domain.titles import Title, clean_title

if TYPE_CHECKING:
    from pathlib import Path

    from jobs import Job

    from audio_stream.adapters.media.ffmpeg import FfmpegMedia

_PIECE_BYTES = 1 << 20
_ALREADY_THERE = ("PreconditionFailed", "ConditionalRequestConflict")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job."""

    key: str
    size_bytes: int
    already_there: bool


def convert(s3: Any, job: Job, media: FfmpegMedia, scratch: Path) -> Outcome:  # noqa: ANN401 - boto3 has no types
    """Return the stored MP3, made in the empty folder `scratch`; half of one is never stored.

    Raises MediaToolFailed, StorageFull, or botocore's errors.
    """
    source, target = scratch / "original", scratch / "mp3"
    response = s3.get_object(Bucket=job.bucket, Key=job.source_key)
    with source.open("wb") as file:
        for piece in response["Body"].iter_chunks(_PIECE_BYTES):
            file.write(piece)
    title, created_at = _tags(response, job.source_key)
    asyncio.run(media.encode_mp3(source, target, title=title, created_at=created_at))
    is_new = _store(s3, job, target)
    return Outcome(job.target_key, target.stat().st_size, already_there=not is_new)


def _store(s3: Any, job: Job, target: Path) -> bool:  # noqa: ANN401 - the same
    """Put the MP3 in one step; return whether it was new."""
    condition = {} if job.may_replace else {"IfNoneMatch": "*"}
    with target.open("rb") as body:
        try:
            s3.put_object(
                Bucket=job.bucket,
                Key=job.target_key,
                Body=body,
                ContentType="audio/mpeg",
                **condition,
            )
        except ClientError as error:
            if condition and error.response["Error"]["Code"] in _ALREADY_THERE:
                return False
            raise
    return True


def _tags(response: dict[str, Any], key: str) -> tuple[Title, datetime]:
    """Return title and date: the object's metadata, else its name and age."""
    metadata = response.get("Metadata") or {}
    name = key.rpartition("/")[2].rpartition(".")[0].replace("-", " ")
    title = clean_title(unquote(metadata["title"]) if "title" in metadata else name)
    try:
        created_at = datetime.fromisoformat(metadata.get("created-at", ""))
    except ValueError:
        created_at = response.get("LastModified") or datetime.now(UTC)
    return title, created_at
