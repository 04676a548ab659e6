"""The catalog's tables, the same on every engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

from audio_stream.domain.recordings import RecordingState
from audio_stream.domain.tracks import RenditionKind, RenditionState, TrackState

if TYPE_CHECKING:
    from enum import StrEnum

    from sqlalchemy import Dialect


class UtcTime(TypeDecorator[datetime]):
    """A moment, to the microsecond: aware UTC in Python, in order in the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Turn every zone into UTC, since SQLite keeps none and would sort by what it reads."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the same
        """Say that it is UTC, where the database has not."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _words(of: type[StrEnum]) -> Enum:
    # A text wide enough for words to come, so that a new one needs no migration.
    return Enum(of, native_enum=False, length=16, values_callable=list)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

recordings = Table(
    "recordings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("station", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("claimed_type", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("state", _words(RecordingState), nullable=False),
    Column("length_bytes", BigInteger),
    Column("reason", Text),
    Column("interrupted_at", UtcTime),
    Column("discarded", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
)

tracks = Table(
    "tracks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("state", _words(TrackState), nullable=False),
    Column("reason", Text),
    Column("duration_s", Double),
    Column("incomplete", Boolean, nullable=False),
    Column("revision", Text),
    Column("spool_bytes", BigInteger, nullable=False),
    Column("waveform_key", Text),
    Column("version", Integer, nullable=False),
    Column("search_text", Text, nullable=False),
)
Index(None, tracks.c.created_at, tracks.c.id)
Index(None, tracks.c.name)

renditions = Table(
    "renditions",
    metadata,
    Column("track_id", ForeignKey("tracks.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", _words(RenditionKind), primary_key=True),
    Column("state", _words(RenditionState), nullable=False),
    Column("reason", Text),
    Column("key", Text),
    Column("mime_type", Text),
    Column("size_bytes", BigInteger),
)
Index(None, renditions.c.state)
