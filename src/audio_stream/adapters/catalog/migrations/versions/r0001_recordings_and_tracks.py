"""Make the tables of recordings, tracks and their renditions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "recordings",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("claimed_type", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("length_bytes", sa.BigInteger()),
        sa.Column("reason", sa.Text()),
        sa.Column("interrupted_at", sa.DateTime(timezone=True)),
        sa.Column("discarded", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recordings"),
    )
    op.create_table(
        "tracks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("duration_s", sa.Double()),
        sa.Column("incomplete", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Text()),
        sa.Column("spool_bytes", sa.BigInteger(), nullable=False),
        sa.Column("waveform_key", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tracks"),
    )
    op.create_index("ix_tracks_created_at_id", "tracks", ["created_at", "id"])
    op.create_index("ix_tracks_name", "tracks", ["name"])
    op.create_table(
        "renditions",
        sa.Column("track_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("key", sa.Text()),
        sa.Column("mime_type", sa.Text()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.PrimaryKeyConstraint("track_id", "kind", name="pk_renditions"),
        sa.ForeignKeyConstraint(
            ["track_id"], ["tracks.id"], name="fk_renditions_track_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_renditions_state", "renditions", ["state"])
