"""How a track lies in its tables: a row of its own and one for each rendition."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, select

from audio_stream.adapters.catalog.search import searchable_text
from audio_stream.adapters.catalog.tables import renditions, tracks
from audio_stream.domain.tracks import Rendition, RenditionKind, Track

if TYPE_CHECKING:
    from sqlalchemy import FromClause, RowMapping

_ALIASES = {kind: renditions.alias(kind) for kind in RenditionKind}
_RENDITION_FIELDS = [field.name for field in fields(Rendition)]


def select_tracks() -> Select[Any]:
    """Return the statement that reads whole tracks, for `track_of`."""
    return select(
        *(column for column in tracks.c if column is not tracks.c.search_text),
        *(
            alias.c[name].label(f"{kind}_{name}")
            for kind, alias in _ALIASES.items()
            for name in _RENDITION_FIELDS
        ),
    ).select_from(_whole_tracks())


def track_of(row: RowMapping) -> Track:
    """Return the track that a row of `select_tracks` holds."""
    values = dict(row)
    for kind in RenditionKind:
        form = {name: values.pop(f"{kind}_{name}") for name in _RENDITION_FIELDS}
        values[kind] = Rendition(**form)
    return Track(**values)


def track_values(track: Track) -> dict[str, Any]:
    """Return the track's own row."""
    values = asdict(track)
    for kind in RenditionKind:
        del values[kind]
    return values | {"search_text": searchable_text(track)}


def rendition_values(track: Track) -> list[dict[str, Any]]:
    """Return the rows of its renditions."""
    return [{"track_id": track.id, **asdict(rendition)} for rendition in track.renditions]


def _whole_tracks() -> FromClause:
    # One statement, so that no writer can come between a track and its renditions. Outer joins, or
    # SQLite would begin with the renditions and sort the whole library for one page.
    joined: FromClause = tracks
    for kind, alias in _ALIASES.items():
        joined = joined.outerjoin(
            alias, and_(alias.c.track_id == tracks.c.id, alias.c.kind == kind)
        )
    return joined
