"""Brings a database up to date. Apart, since importing Alembic takes its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from audio_stream.adapters.catalog.version import CatalogUnusable, stored_version

if TYPE_CHECKING:
    from sqlalchemy import Connection

_FOLDER = "audio_stream.adapters.catalog:migrations"


def migration_config(connection: Connection | None = None) -> Config:
    """Return how Alembic finds the migrations, in a checkout and in an installed package."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", _FOLDER)
    return config


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the caller's transaction.

    Raises CatalogUnusable if a later program has migrated the database further.
    """
    config = migration_config(connection)
    version = stored_version(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise CatalogUnusable(
            f"The catalog was last used by a newer audio-stream (its tables are version {version}, "
            f"this one knows {', '.join(sorted(known))}). Install that one again, or a newer."
        )
    command.upgrade(config, "head")
