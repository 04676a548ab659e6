"""What the program and its upload workers say to each other: one line of JSON each."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """Program to worker: a file to be stored."""

    path: str
    key: str
    mime_type: str
    labels: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """Worker to program: how far it is."""

    sent_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Stored:
    """Worker to program: the file is there, and was found to be right."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Worker to program: it is not there; the worker can take another job."""

    away: bool
    """Whether it was S3, not this machine, that failed."""
    detail: str


Message = Job | Sent | Stored | Failed

_KINDS = {kind.__name__: kind for kind in (Job, Sent, Stored, Failed)}


def write_message(message: Message) -> bytes:
    """Return the line that says it."""
    return json.dumps([type(message).__name__, asdict(message)]).encode() + b"\n"


def read_message(line: bytes) -> Message:
    """Return what `write_message` wrote."""
    kind, fields = json.loads(line)
    message: Message = _KINDS[kind](**fields)
    return message
