"""What every keeper of manifests must do. Subclass it and give it a `manifests` fixture."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.tracks import Track
from contracts.examples import FULL_TRACK, track

if TYPE_CHECKING:
    from audio_stream.usecases.ports import Manifests


async def read_all(manifests: Manifests) -> list[Track]:
    return sorted([one async for one in manifests.read_all()], key=lambda one: one.id)


class ManifestsContract:
    @pytest.fixture
    async def manifests(self) -> Manifests:
        raise NotImplementedError

    async def test_there_is_nothing_at_first(self, manifests: Manifests) -> None:
        assert await read_all(manifests) == []

    @pytest.mark.parametrize("one", [track(1), FULL_TRACK])
    async def test_a_track_comes_back_as_it_was(self, manifests: Manifests, one: Track) -> None:
        await manifests.write(one)
        assert await read_all(manifests) == [one]

    def test_the_full_example_is_full(self) -> None:
        plain = track(1)
        for field in fields(Track):
            if field.name != "version":
                assert getattr(FULL_TRACK, field.name) != getattr(plain, field.name), field.name

    async def test_the_catalogs_version_is_not_kept(self, manifests: Manifests) -> None:
        await manifests.write(replace(FULL_TRACK, version=17))
        assert await read_all(manifests) == [FULL_TRACK]

    async def test_writing_again_replaces(self, manifests: Manifests) -> None:
        await manifests.write(FULL_TRACK)
        await manifests.write(track(1))
        renamed = replace(track(1), title=FULL_TRACK.title)
        await manifests.write(renamed)
        assert await read_all(manifests) == [renamed, FULL_TRACK]

    async def test_a_removed_track_is_forgotten(self, manifests: Manifests) -> None:
        await manifests.write(track(1))
        await manifests.write(track(2))
        await manifests.remove(track(1).id)
        assert await read_all(manifests) == [track(2)]

    async def test_one_can_be_read_alone(self, manifests: Manifests) -> None:
        await manifests.write(FULL_TRACK)
        assert await manifests.read(FULL_TRACK.id) == FULL_TRACK
        assert await manifests.read(track(1).id) is None

    async def test_the_ids_are_listed(self, manifests: Manifests) -> None:
        for number in (1, 2):
            await manifests.write(track(number))
        ids = {track_id async for track_id in manifests.list_ids()}
        assert ids == {track(1).id, track(2).id}

    async def test_removing_twice_is_fine(self, manifests: Manifests) -> None:
        await manifests.write(track(1))
        await manifests.remove(track(1).id)
        await manifests.remove(track(1).id)
        assert await read_all(manifests) == []

    async def test_tracks_may_go_while_they_are_read(self, manifests: Manifests) -> None:
        for number in range(5):
            await manifests.write(track(number))
        async for one in manifests.read_all():
            for number in range(5):
                if number != int(one.id, 16):
                    await manifests.remove(track(number).id)
        assert len(await read_all(manifests)) <= 1
