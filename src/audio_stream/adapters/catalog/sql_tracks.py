"""The index of tracks in a database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, delete, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from audio_stream.adapters.catalog.carried_through import carried_through
from audio_stream.adapters.catalog.cursors import cursor_after, read_cursor
from audio_stream.adapters.catalog.search import has_words, is_storable
from audio_stream.adapters.catalog.tables import renditions, tracks
from audio_stream.adapters.catalog.track_rows import (
    rendition_values,
    select_tracks,
    track_of,
    track_values,
)
from audio_stream.domain.errors import TrackChanged, TrackNotFound
from audio_stream.domain.tracks import RenditionKind, RenditionState, Track, TrackState
from audio_stream.usecases.ports import TrackCatalog, TrackPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_stream.adapters.catalog.database import Database
    from audio_stream.domain.ids import TrackId

_newest_first = (tracks.c.created_at.desc(), tracks.c.id.desc())


class SqlTracks(TrackCatalog):
    """Keeps a row for each track and one for each of its renditions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @carried_through
    async def add_track(self, track: Track) -> None:
        """Insert the rows, unless they are there."""
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(tracks).values(track_values(track)))
                await connection.execute(insert(renditions), rendition_values(track))
        except IntegrityError:
            if not await self._read_tracks(select_tracks().where(tracks.c.id == track.id)):
                raise

    @carried_through
    async def add_tracks(self, added: Sequence[Track]) -> None:
        """Insert the rows of those that have none, in one transaction."""
        async with self._database.writing() as connection:
            known = set(await connection.scalars(select(tracks.c.id)))
            fresh = {track.id: track for track in reversed(added) if track.id not in known}
            if fresh:
                await connection.execute(
                    insert(tracks), [track_values(track) for track in fresh.values()]
                )
                rows = [row for track in fresh.values() for row in rendition_values(track)]
                await connection.execute(insert(renditions), rows)

    @carried_through
    async def get_track(self, track_id: TrackId) -> Track:
        """Read the rows."""
        found = await self._read_tracks(select_tracks().where(tracks.c.id == track_id))
        if not found:
            raise TrackNotFound(track_id)
        return found[0]

    @carried_through
    async def find_track(self, name: str) -> Track:
        """Read the rows of the newest one."""
        statement = select_tracks().where(tracks.c.name == name).order_by(*_newest_first).limit(1)
        found = await self._read_tracks(statement) if is_storable(name) else []
        if not found:
            raise TrackNotFound(name)
        return found[0]

    @carried_through
    async def save_track(self, track: Track) -> Track:
        """Update the rows where the version is still the same."""
        saved = replace(track, version=track.version + 1)
        own_row = tracks.c.id == track.id
        same_version = tracks.c.version == track.version
        async with self._database.writing() as connection:
            values = track_values(saved)
            if not (
                await connection.execute(update(tracks).where(own_row, same_version).values(values))
            ).rowcount:
                if await connection.scalar(select(tracks.c.id).where(own_row)) is None:
                    raise TrackNotFound(track.id)
                raise TrackChanged(track.id)
            for values in rendition_values(saved):
                await connection.execute(
                    update(renditions)
                    .where(renditions.c.track_id == track.id, renditions.c.kind == values["kind"])
                    .values(values)
                )
        return saved

    @carried_through
    async def delete_track(self, track_id: TrackId) -> None:
        """Delete the row; the renditions' rows go with it."""
        async with self._database.writing() as connection:
            await connection.execute(delete(tracks).where(tracks.c.id == track_id))

    @carried_through
    async def page_tracks(self, *, query: str, cursor: str | None, limit: int) -> TrackPage:
        """Read one more than the page has, to know whether there is another."""
        statement = select_tracks().where(has_words(tracks.c.search_text, query))
        if cursor is not None:
            statement = statement.where(
                tuple_(tracks.c.created_at, tracks.c.id) < tuple_(*read_cursor(cursor))
            )
        found = await self._read_tracks(statement.order_by(*_newest_first).limit(limit + 1))
        page = found[:limit]
        return TrackPage(page, cursor_after(page[-1]) if len(found) > limit else None)

    @carried_through
    async def list_unfinished_tracks(self) -> Sequence[TrackId]:
        """Read the ids."""
        without_mp3 = select(renditions.c.track_id).where(
            renditions.c.state == RenditionState.PENDING, renditions.c.kind == RenditionKind.MP3
        )
        statement = (
            select(tracks.c.id)
            .where(or_(tracks.c.state == TrackState.PROCESSING, tracks.c.id.in_(without_mp3)))
            .order_by(tracks.c.created_at, tracks.c.id)
        )
        async with self._database.reading() as connection:
            return list(await connection.scalars(statement))

    async def _read_tracks(self, statement: Select[Any]) -> list[Track]:
        async with self._database.reading() as connection:
            return [track_of(row) for row in (await connection.execute(statement)).mappings()]
