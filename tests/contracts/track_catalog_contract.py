"""What every index of tracks must do. Subclass it and give it a `catalog` fixture."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.errors import TrackChanged, TrackNotFound
from audio_stream.domain.titles import clean_title
from audio_stream.domain.tracks import Rendition, RenditionKind, RenditionState, Track, TrackState
from contracts.examples import FULL_TRACK, track

if TYPE_CHECKING:
    from collections.abc import Iterable

    from audio_stream.usecases.ports import TrackCatalog


async def add(catalog: TrackCatalog, tracks: Iterable[Track]) -> None:
    for one in tracks:
        await catalog.add_track(one)


async def search(catalog: TrackCatalog, query: str) -> list[Track]:
    return list((await catalog.page_tracks(query=query, cursor=None, limit=100)).tracks)


class TrackCatalogContract:
    @pytest.fixture
    async def catalog(self) -> TrackCatalog:
        raise NotImplementedError

    @pytest.mark.parametrize("one", [track(1), FULL_TRACK])
    async def test_a_track_comes_back_as_it_was(self, catalog: TrackCatalog, one: Track) -> None:
        await catalog.add_track(one)
        assert await catalog.get_track(one.id) == one
        assert await catalog.find_track(one.name) == one
        assert await search(catalog, "") == [one]

    async def test_an_unknown_track_is_not_found(self, catalog: TrackCatalog) -> None:
        await catalog.add_track(track(1))
        with pytest.raises(TrackNotFound) as caught:
            await catalog.get_track(track(2).id)
        assert caught.value.track_id == track(2).id

    async def test_adding_one_that_is_there_leaves_it_as_it_is(self, catalog: TrackCatalog) -> None:
        await catalog.add_track(track(1))
        saved = await catalog.save_track(track(1, title=clean_title("Saved")))
        await catalog.add_track(track(1, title=clean_title("Added again")))
        assert await catalog.get_track(saved.id) == saved

    async def test_adding_one_twice_at_once_is_fine(self, catalog: TrackCatalog) -> None:
        await asyncio.gather(*(catalog.add_track(FULL_TRACK) for _ in range(10)))
        assert await search(catalog, "") == [FULL_TRACK]

    async def test_many_are_added_at_once_and_known_ones_left_as_they_are(
        self, catalog: TrackCatalog
    ) -> None:
        await catalog.add_tracks([])
        await catalog.add_track(track(2))
        saved = await catalog.save_track(track(2, title=clean_title("Saved")))
        again = track(2, title=clean_title("Again"))
        await catalog.add_tracks([track(1), again, FULL_TRACK, track(1)])
        assert await catalog.get_track(saved.id) == saved
        found = {one.id: one for one in await search(catalog, "")}
        assert found == {one.id: one for one in (track(1), saved, FULL_TRACK)}

    async def test_saving_replaces_everything_and_counts(self, catalog: TrackCatalog) -> None:
        plain = track(0xFEDCBA)
        await add(catalog, [plain, track(1)])
        saved = await catalog.save_track(FULL_TRACK)
        assert saved == replace(FULL_TRACK, version=1)
        assert await catalog.get_track(plain.id) == saved
        again = await catalog.save_track(replace(plain, version=1))
        assert again == replace(plain, version=2)
        assert await catalog.get_track(plain.id) == again
        assert await catalog.get_track(track(1).id) == track(1)

    async def test_an_older_version_is_refused_whole(self, catalog: TrackCatalog) -> None:
        await catalog.add_track(track(1))
        saved = await catalog.save_track(track(1))
        late = Rendition(kind=RenditionKind.MP3, state=RenditionState.FAILED)
        for version in (0, 2):
            with pytest.raises(TrackChanged) as caught:
                await catalog.save_track(replace(saved, version=version, mp3=late))
            assert caught.value.track_id == saved.id
        assert await catalog.get_track(saved.id) == saved

    async def test_one_that_is_not_there_cannot_be_saved(self, catalog: TrackCatalog) -> None:
        with pytest.raises(TrackNotFound):
            await catalog.save_track(track(1))
        with pytest.raises(TrackNotFound):
            await catalog.get_track(track(1).id)

    async def test_of_those_who_save_at_once_one_wins_whole(self, catalog: TrackCatalog) -> None:
        await catalog.add_track(track(1))
        rivals = [
            track(
                1,
                revision=f"{number}",
                original=Rendition(kind=RenditionKind.ORIGINAL, key=f"{number}"),
                mp3=Rendition(kind=RenditionKind.MP3, key=f"{number}"),
            )
            for number in range(20)
        ]
        results = await asyncio.gather(
            *(catalog.save_track(rival) for rival in rivals), return_exceptions=True
        )
        won = [result for result in results if isinstance(result, Track)]
        lost = [result for result in results if isinstance(result, TrackChanged)]
        assert (len(won), len(lost)) == (1, 19)
        known = await catalog.get_track(track(1).id)
        assert known == won[0]
        assert known.original.key == known.mp3.key == known.revision

    async def test_a_deleted_track_is_not_found(self, catalog: TrackCatalog) -> None:
        await add(catalog, [track(1), track(2)])
        await catalog.delete_track(track(1).id)
        with pytest.raises(TrackNotFound):
            await catalog.get_track(track(1).id)
        with pytest.raises(TrackNotFound):
            await catalog.save_track(track(1))
        assert await search(catalog, "") == [track(2)]

    async def test_deleting_twice_is_fine(self, catalog: TrackCatalog) -> None:
        await catalog.add_track(track(1))
        await catalog.delete_track(track(1).id)
        await catalog.delete_track(track(1).id)

    async def test_a_deleted_track_can_be_added_again(self, catalog: TrackCatalog) -> None:
        await catalog.add_track(FULL_TRACK)
        await catalog.delete_track(FULL_TRACK.id)
        await catalog.add_track(track(0xFEDCBA))
        assert await catalog.get_track(FULL_TRACK.id) == track(0xFEDCBA)

    async def test_of_tracks_with_one_name_the_newest_is_found(self, catalog: TrackCatalog) -> None:
        await add(catalog, [track(number, name="twice") for number in (2, 3, 1)])
        assert await catalog.find_track("twice") == track(3, name="twice")

    @pytest.mark.parametrize("name", ["", "nothing", "Twice", "twice ", "tw%", "a\0b", "\ud800"])
    async def test_an_unknown_name_is_not_found(self, catalog: TrackCatalog, name: str) -> None:
        await catalog.add_track(track(1, name="twice"))
        with pytest.raises(TrackNotFound):
            await catalog.find_track(name)

    async def test_unfinished_tracks_are_listed_oldest_first(self, catalog: TrackCatalog) -> None:
        ready_mp3 = Rendition(kind=RenditionKind.MP3, state=RenditionState.READY)
        failed_mp3 = Rendition(kind=RenditionKind.MP3, state=RenditionState.FAILED)
        unfinished = [
            track(1),
            track(2, state=TrackState.PROCESSING, mp3=ready_mp3),
            track(3, state=TrackState.READY),
            track(4, state=TrackState.PROCESSING, mp3=failed_mp3),
        ]
        finished = [
            track(5, state=TrackState.READY, mp3=ready_mp3),
            track(6, state=TrackState.READY, mp3=failed_mp3),
            track(7, state=TrackState.FAILED, mp3=failed_mp3),
        ]
        await add(catalog, [*finished, *reversed(unfinished)])
        assert await catalog.list_unfinished_tracks() == [one.id for one in unfinished]

    async def test_a_track_that_was_finished_is_no_longer_listed(
        self, catalog: TrackCatalog
    ) -> None:
        await catalog.add_track(track(1, state=TrackState.READY))
        ready = Rendition(kind=RenditionKind.MP3, state=RenditionState.READY, key="mp3/1/a.mp3")
        known = await catalog.get_track(track(1).id)
        await catalog.save_track(known.with_mp3(ready))
        assert await catalog.list_unfinished_tracks() == []
