"""What an S3 event asks for: pure, so that every kind of event can be tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

PREFIX = "audio-stream-files/"
_ORIGINALS = PREFIX + "originals/"
_TRACK_KEY_PARTS = 4


@dataclass(frozen=True, slots=True)
class Job:
    """One original and the MP3 to be made of it."""

    bucket: str
    source_key: str
    target_key: str
    may_replace: bool
    """Whether the target's content may differ: not where the key names a revision."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that asks for nothing."""

    key: str
    reason: str


def jobs_of(event: Mapping[str, Any]) -> tuple[Sequence[Job], Sequence[Skipped]]:
    """Return what the records of an S3 event ask for, each MP3 once, in order.

    Source: Amazon S3 User Guide, "Event message structure"; keys arrive URL-encoded.
    """
    jobs: dict[tuple[str, str], Job] = {}
    skipped = []
    for bucket, name, encoded in _objects(event):
        key = unquote_plus(encoded)
        target = target_of(key)
        if not name.startswith("ObjectCreated"):
            skipped.append(Skipped(key, f"nothing to do for {name or 'an unnamed event'}"))
        elif target is None:
            skipped.append(Skipped(key, "no original"))
        else:
            replaces = not key.startswith(_ORIGINALS)
            jobs.setdefault((bucket, target), Job(bucket, key, target, replaces))
    return list(jobs.values()), skipped


def target_of(key: str) -> str | None:
    """Return where an original's MP3 belongs, None for what is no original.

    `audio-stream-files/originals/{track}/{revision}.ext` goes to the same under `mp3/`; a plain
    `audio-stream-files/{name}.ogg`, as the Node.js original stored it, to the `.mp3` beside it.
    An MP3 of ours is none, or the function would call itself for ever.
    """
    if key.startswith(_ORIGINALS):
        parts = key.split("/")
        stem, dot, _ = parts[-1].rpartition(".")
        if len(parts) != _TRACK_KEY_PARTS or not dot or not stem or not parts[2]:
            return None
        return f"{PREFIX}mp3/{parts[2]}/{stem}.mp3"
    name = key.removeprefix(PREFIX)
    if key.startswith(PREFIX) and "/" not in name and name.endswith(".ogg") and name != ".ogg":
        return key.removesuffix(".ogg") + ".mp3"
    return None


def _objects(event: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield bucket, event name and encoded key of each record that has them."""
    for record in event.get("Records") or ():
        s3 = record.get("s3") or {}
        bucket = (s3.get("bucket") or {}).get("name")
        key = (s3.get("object") or {}).get("key")
        if bucket and key:
            yield bucket, str(record.get("eventName", "")), key
