"""Searching for words as people type them, the same on every engine."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from sqlalchemy import and_, false, true

from audio_stream.domain.errors import InvalidRequest

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement

    from audio_stream.domain.tracks import Track

_MAX_WORDS = 100
"""SQLite takes a thousand conditions; nobody needs a hundred."""

_MAX_WORD_CHARACTERS = 1000
"""More than any title or station has."""


def searchable_text(track: Track) -> str:
    """Return what a track is found by. No word that people type spans the line break."""
    return f"{_fold(track.title)}\n{_fold(track.station)}"


def has_words(column: Column[str], query: str) -> ColumnElement[bool]:
    """Return the condition that every word of `query` stands in a column of searchable texts.

    Raises InvalidRequest when there are too many.
    """
    words = sorted(set(_fold(query).split()))
    if len(words) > _MAX_WORDS:
        raise InvalidRequest(f"A search takes at most {_MAX_WORDS} words.")
    if not all(is_storable(word) and len(word) <= _MAX_WORD_CHARACTERS for word in words):
        return false()
    return and_(true(), *(column.contains(word, autoescape=True) for word in words))


def is_storable(text: str) -> bool:
    """Tell whether every engine could hold it: PostgreSQL takes no NUL, nobody half a character."""
    return "\0" not in text and not any(unicodedata.category(c) == "Cs" for c in text)


def _fold(text: str) -> str:
    # Folding can take a composed character apart.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
