"""Titles: what people call their recordings, made safe to store and to show as text."""

from __future__ import annotations

import re
import unicodedata
from typing import NewType

Title = NewType("Title", str)

MAX_TITLE_CHARACTERS = 200
_NAME_CHARACTERS = 60


def clean_title(text: str) -> Title:
    """Return `text` in NFC on one line, without control or direction marks, cut to 200 characters.

    Surrogates, controls and format characters (Unicode categories Cs, Cc, Cf) go, except the
    joiners U+200C and U+200D that scripts and emoji need. Empty when nothing is left.
    """
    one_line = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text[: 4 * MAX_TITLE_CHARACTERS]))
    kept = "".join(
        c for c in one_line if c in "‌‍" or unicodedata.category(c) not in ("Cc", "Cf", "Cs")
    )
    return Title(kept[:MAX_TITLE_CHARACTERS].strip())


def permalink_name(title: Title, unique: str) -> str:
    """Return a track's name for addresses: the title in ASCII with dashes, then `unique`."""
    ascii_text = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text.lower())[:_NAME_CHARACTERS].strip("-")
    return f"{slug or 'track'}-{unique}"
