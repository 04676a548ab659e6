"""What every index of recordings must do. Subclass it and give it a `catalog` fixture."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.errors import RecordingChanged, RecordingNotFound
from audio_stream.domain.recordings import Recording, RecordingState
from audio_stream.domain.titles import clean_title
from contracts.examples import FULL_RECORDING, NOON, recording

if TYPE_CHECKING:
    from audio_stream.usecases.ports import RecordingCatalog


class RecordingCatalogContract:
    @pytest.fixture
    async def catalog(self) -> RecordingCatalog:
        raise NotImplementedError

    @pytest.mark.parametrize("one", [recording(1), FULL_RECORDING])
    async def test_a_recording_comes_back_as_it_was(
        self, catalog: RecordingCatalog, one: Recording
    ) -> None:
        await catalog.add_recording(one)
        assert await catalog.get_recording(one.id) == one
        assert await catalog.list_recordings() == [one]

    def test_the_full_example_is_full(self) -> None:
        plain = recording(1)
        for field in fields(Recording):
            if field.name not in ("version", "discarded"):
                assert getattr(FULL_RECORDING, field.name) != getattr(plain, field.name), field.name

    async def test_an_unknown_recording_is_not_found(self, catalog: RecordingCatalog) -> None:
        await catalog.add_recording(recording(1))
        with pytest.raises(RecordingNotFound) as caught:
            await catalog.get_recording(recording(2).id)
        assert caught.value.recording_id == recording(2).id

    async def test_adding_one_that_is_there_leaves_it_as_it_is(
        self, catalog: RecordingCatalog
    ) -> None:
        await catalog.add_recording(recording(1))
        saved = await catalog.save_recording(replace(recording(1), reason="Saved."))
        await catalog.add_recording(recording(1, reason="Added again."))
        assert await catalog.get_recording(saved.id) == saved

    async def test_saving_replaces_everything_and_counts(self, catalog: RecordingCatalog) -> None:
        plain = recording(0xFEDCBA)
        await catalog.add_recording(plain)
        await catalog.add_recording(recording(1))
        saved = await catalog.save_recording(replace(FULL_RECORDING, discarded=True))
        assert saved == replace(FULL_RECORDING, discarded=True, version=1)
        assert await catalog.get_recording(plain.id) == saved
        again = await catalog.save_recording(replace(plain, version=1))
        assert again == replace(plain, version=2)
        assert await catalog.get_recording(plain.id) == again
        assert await catalog.get_recording(recording(1).id) == recording(1)

    async def test_an_older_version_is_refused(self, catalog: RecordingCatalog) -> None:
        await catalog.add_recording(recording(1))
        saved = await catalog.save_recording(recording(1))
        for version in (0, 2):
            with pytest.raises(RecordingChanged) as caught:
                await catalog.save_recording(replace(saved, version=version, reason="Late."))
            assert caught.value.recording_id == saved.id
        assert await catalog.get_recording(saved.id) == saved

    async def test_one_that_is_not_there_cannot_be_saved(self, catalog: RecordingCatalog) -> None:
        with pytest.raises(RecordingChanged):
            await catalog.save_recording(recording(1))
        with pytest.raises(RecordingNotFound):
            await catalog.get_recording(recording(1).id)

    async def test_of_those_who_save_at_once_one_wins(self, catalog: RecordingCatalog) -> None:
        await catalog.add_recording(recording(1))
        results = await asyncio.gather(
            *(catalog.save_recording(recording(1, reason=f"{number}")) for number in range(20)),
            return_exceptions=True,
        )
        won = [result for result in results if isinstance(result, Recording)]
        lost = [result for result in results if isinstance(result, RecordingChanged)]
        assert (len(won), len(lost)) == (1, 19)
        assert await catalog.get_recording(recording(1).id) == won[0]

    async def test_those_who_look_again_all_get_through(self, catalog: RecordingCatalog) -> None:
        await catalog.add_recording(recording(1, length_bytes=0))

        async def count() -> None:
            while True:
                known = await catalog.get_recording(recording(1).id)
                more = (known.length_bytes or 0) + 1
                try:
                    await catalog.save_recording(replace(known, length_bytes=more))
                except RecordingChanged:
                    continue
                return

        await asyncio.gather(*(count() for _ in range(12)))
        assert (await catalog.get_recording(recording(1).id)).length_bytes == 12

    async def test_all_but_the_discarded_are_listed_oldest_first(
        self, catalog: RecordingCatalog
    ) -> None:
        kept = [recording(number, state=state) for number, state in enumerate(RecordingState)]
        same_time = recording(len(kept), started_at=kept[-1].started_at)
        gone = recording(99, discarded=True, started_at=NOON)
        for one in (kept[2], gone, same_time, kept[0], kept[3], kept[1]):
            await catalog.add_recording(one)
        assert await catalog.list_recordings() == [*kept, same_time]

    async def test_order_is_that_of_the_moment_not_of_its_text(
        self, catalog: RecordingCatalog
    ) -> None:
        zones = [timezone(timedelta(hours=hours)) for hours in (-11, 0, 5, 14)]
        spread = [
            recording(number, started_at=(NOON + timedelta(microseconds=number)).astimezone(zone))
            for number, zone in enumerate(zones)
        ]
        for one in reversed(spread):
            await catalog.add_recording(one)
        assert await catalog.list_recordings() == spread

    @pytest.mark.parametrize("microsecond", [0, 1, 100_000, 999_999])
    async def test_times_come_back_to_the_microsecond(
        self, catalog: RecordingCatalog, microsecond: int
    ) -> None:
        time = datetime(2031, 12, 31, 23, 59, 59, microsecond, tzinfo=UTC)
        await catalog.add_recording(recording(1, started_at=time))
        known = await catalog.get_recording(recording(1).id)
        assert known.started_at == time
        assert known.started_at.utcoffset() == timedelta(0)

    async def test_a_saved_recording_can_be_saved_on(self, catalog: RecordingCatalog) -> None:
        await catalog.add_recording(recording(1))
        known = await catalog.get_recording(recording(1).id)
        known = await catalog.save_recording(known.interrupt(NOON))
        known = await catalog.save_recording(known.resume())
        known = await catalog.save_recording(known.finish(17))
        assert known == await catalog.get_recording(known.id)
        assert (known.state, known.length_bytes) == (RecordingState.FINISHED, 17)

    async def test_hostile_texts_are_only_texts(self, catalog: RecordingCatalog) -> None:
        text = "'; DROP TABLE recordings; -- %s {0} \\ \u202e"
        hostile = recording(1, claimed_type=text, reason=text, title=clean_title("x" * 500))
        await catalog.add_recording(hostile)
        assert await catalog.list_recordings() == [hostile]
