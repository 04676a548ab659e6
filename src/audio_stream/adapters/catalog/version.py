"""Whether a database is one that this program can use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD = "0001"
"""The newest of the migrations, so that a start with nothing to migrate need not read them."""


class CatalogUnusable(Exception):
    """The catalog cannot be opened; the text says why, for whoever starts the program."""


class CatalogDamaged(CatalogUnusable):
    """The catalog's file is there and is no sound database."""


def stored_version(connection: Connection) -> str | None:
    """Return the migration that the database is at, None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def is_up_to_date(connection: Connection) -> bool:
    """Tell whether there is nothing to migrate."""
    return stored_version(connection) == HEAD
