"""Run by Alembic: migrate over the connection that `migrate.upgrade` handed it."""

from __future__ import annotations

from alembic import context

from audio_stream.adapters.catalog.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
context.run_migrations()
