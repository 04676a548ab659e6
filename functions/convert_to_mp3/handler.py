"""The Lambda `convertToMp3`: an S3 event in, what was made of it out."""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import boto3
from convert import convert
from jobs import jobs_of

from audio_stream.adapters.media.ffmpeg import FfmpegMedia
from audio_stream.adapters.media.locate import locate_ffmpeg

_RESERVE_S = 10.0
"""Kept of the function's time for the upload and the answer."""
_SHORTEST_S = 1.0
_MEMORY_BYTES = 1 << 30
_FILE_BYTES = 1 << 30
_SCRATCH_PREFIX = "convert-to-mp3-"

_log = logging.getLogger("convert_to_mp3")
_log.setLevel(logging.INFO)


class ConversionFailed(Exception):
    """At least one record could not be converted; the message tells which and why."""


class Context(Protocol):
    """What the Lambda runtime tells of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may still run."""


def handler(event: dict[str, Any], context: Context) -> dict[str, object]:
    """Convert every original in the event; return the keys made, found and skipped.

    Every record is tried; if any failed, ConversionFailed at the end makes Lambda try the event
    again and then hand it to the failure queue. Doing it twice is harmless: keys are
    deterministic.
    """
    jobs, skipped = jobs_of(event)
    for record in skipped:
        _say("skipped", key=record.key, reason=record.reason)
    made: list[str] = []
    found: list[str] = []
    failures: list[str] = []
    _sweep_scratch()
    for job in jobs:
        try:
            with tempfile.TemporaryDirectory(prefix=_SCRATCH_PREFIX) as scratch:
                outcome = convert(_s3(), job, _media(context), Path(scratch))
        except Exception as error:  # noqa: BLE001 - one record must not lose the others
            failures.append(f"{job.source_key}: {error}")
            _say("failed", key=job.source_key, reason=str(error))
            continue
        (found if outcome.already_there else made).append(outcome.key)
        _say("converted", key=outcome.key, size_bytes=outcome.size_bytes)
    if failures:
        raise ConversionFailed("; ".join(failures))
    return {"made": made, "found": found, "skipped": [record.key for record in skipped]}


@cache
def _s3() -> Any:  # noqa: ANN401 - boto3 has no types
    return boto3.client("s3")


def _media(context: Context) -> FfmpegMedia:
    left_s = context.get_remaining_time_in_millis() / 1000 - _RESERVE_S
    return FfmpegMedia(
        locate_ffmpeg(),
        mp3_bitrate=os.environ.get("AUDIO_STREAM_MP3_BITRATE", "320k"),
        time_limit_s=max(left_s, _SHORTEST_S),
        memory_limit_bytes=_MEMORY_BYTES,
        file_limit_bytes=_FILE_BYTES,
    )


def _sweep_scratch() -> None:
    """Remove what a killed invocation left: `/tmp` outlives it."""
    for left in Path(tempfile.gettempdir()).glob(_SCRATCH_PREFIX + "*"):
        shutil.rmtree(left, ignore_errors=True)


def _say(event: str, **details: object) -> None:
    _log.info(json.dumps({"event": event, **details}))
