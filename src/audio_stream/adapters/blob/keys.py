"""What every blob store agrees on: which texts are keys, and how large a piece may be."""

from __future__ import annotations

import re

PIECE_BYTES = 256 * 1024
"""The most that one piece of a blob holds."""

_MAX_KEY_CHARACTERS = 1024
"""As many as S3 allows."""

_PART = r"(?!\.{1,2}(?:/|$))[a-z0-9._-]{1,255}"
_KEY = re.compile(rf"{_PART}(?:/{_PART})*")


def is_key(text: str) -> bool:
    """Tell whether `text` is parts of `[a-z0-9._-]`, none of them `.` or `..`, joined by `/`."""
    return len(text) <= _MAX_KEY_CHARACTERS and _KEY.fullmatch(text) is not None
