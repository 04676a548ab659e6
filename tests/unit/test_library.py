"""The shorter use cases of the library: list, read, open, rename, delete."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.errors import (
    InvalidRequest,
    RenditionNotReady,
    TrackChanged,
    TrackNotFound,
)
from audio_stream.domain.ids import TrackId
from audio_stream.domain.titles import Title, clean_title
from audio_stream.domain.tracks import (
    Rendition,
    RenditionKind,
    RenditionState,
    TrackState,
)
from contracts.examples import track
from fakes.sounds import ogg

if TYPE_CHECKING:
    from fakes.memory_world import MemoryWorld

SOUND = ogg(3000)


async def recorded(world: MemoryWorld, title: str = "A song") -> TrackId:
    recording_id = await world.begin(title)
    await world.append(recording_id, 0, SOUND, length_bytes=3000)
    await world.settle()
    return TrackId(recording_id)


@pytest.mark.parametrize(("limit", "count"), [(-1, 1), (0, 1), (2, 2), (200, 200), (10**12, 200)])
async def test_a_page_has_one_to_two_hundred_tracks(
    world: MemoryWorld, limit: int, count: int
) -> None:
    await world.catalog.add_tracks([track(number) for number in range(250)])
    page = await world.container.list_tracks().execute(limit=limit)
    assert len(page.tracks) == count


async def test_what_is_ready_can_be_opened(world: MemoryWorld) -> None:
    track_id = await recorded(world)
    opened = await world.container.open_track().execute(
        track_id=track_id, kind=RenditionKind.ORIGINAL
    )
    pieces = [piece async for piece in opened.blob.read(0, opened.blob.size_bytes)]
    assert (b"".join(pieces), opened.mime_type) == (SOUND, "audio/ogg")
    waveform = await world.container.open_track().waveform(track_id=track_id)
    assert waveform.mime_type == "application/json"


async def test_what_is_not_there_yet_says_so(world: MemoryWorld) -> None:
    await world.catalog.add_track(track(1))
    opening = world.container.open_track()
    for kind in RenditionKind:
        with pytest.raises(RenditionNotReady, match="still being made"):
            await opening.execute(track_id=track(1).id, kind=kind)
    with pytest.raises(RenditionNotReady):
        await opening.waveform(track_id=track(1).id)


async def test_what_could_not_be_made_says_why(world: MemoryWorld) -> None:
    failed = track(1, state=TrackState.FAILED, reason="It makes no sense.")
    mp3 = Rendition(kind=RenditionKind.MP3, state=RenditionState.FAILED, reason="Out of memory.")
    await world.catalog.add_tracks([failed, track(2, state=TrackState.READY, mp3=mp3)])
    opening = world.container.open_track()
    with pytest.raises(RenditionNotReady, match=r"It makes no sense\."):
        await opening.execute(track_id=failed.id, kind=RenditionKind.ORIGINAL)
    with pytest.raises(RenditionNotReady, match=r"Out of memory\."):
        await opening.execute(track_id=track(2).id, kind=RenditionKind.MP3)


async def test_a_track_can_be_found_by_its_name(world: MemoryWorld) -> None:
    track_id = await recorded(world, "Grüße")
    found = await world.container.read_track().by_name(name=f"grusse-{track_id[:6]}")
    assert found.id == track_id
    with pytest.raises(TrackNotFound):
        await world.container.read_track().by_name(name="grusse")


async def test_a_title_is_written_to_the_manifest_before_the_catalog(world: MemoryWorld) -> None:
    track_id = await recorded(world)
    world.catalog.fail_next_save = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await world.container.rename_track().execute(track_id=track_id, title=Title("After"))
    assert world.manifests.tracks[track_id].title == "After"
    renamed = await world.container.rename_track().execute(track_id=track_id, title=Title("After"))
    assert renamed.title == world.catalog.tracks[track_id].title == "After"


async def test_an_empty_title_is_refused(world: MemoryWorld) -> None:
    track_id = await recorded(world)
    with pytest.raises(InvalidRequest):
        await world.container.rename_track().execute(track_id=track_id, title=clean_title(" \0"))


async def test_somebody_elses_change_is_kept_beside_ones_own(world: MemoryWorld) -> None:
    track_id = await recorded(world)
    world.catalog.fail_next_save = TrackChanged(track_id)
    renamed = await world.container.rename_track().execute(track_id=track_id, title=Title("After"))
    assert renamed.title == "After"


async def test_many_changes_at_once_are_all_made(world: MemoryWorld) -> None:
    track_id = await recorded(world)
    titles = [Title(f"Title {number}") for number in range(20)]
    rename = world.container.rename_track()
    await asyncio.gather(*(rename.execute(track_id=track_id, title=title) for title in titles))
    assert world.catalog.tracks[track_id].title == world.manifests.tracks[track_id].title
    assert world.catalog.tracks[track_id].title in titles
    changes = world.container.track_changes()
    assert not changes._locks
    assert not changes._waiting


async def test_a_track_and_its_recording_are_deleted(world: MemoryWorld) -> None:
    track_id = await recorded(world)
    await world.container.delete_track().execute(track_id=track_id)
    assert not world.blobs.blobs
    assert not world.manifests.tracks
    with pytest.raises(TrackNotFound):
        await world.container.delete_track().execute(track_id=track_id)


@pytest.mark.parametrize("kind", [*RenditionKind])
async def test_an_unknown_track_is_not_found(world: MemoryWorld, kind: RenditionKind) -> None:
    unknown = TrackId("0" * 32)
    for ask in (
        world.container.read_track().execute(track_id=unknown),
        world.container.open_track().execute(track_id=unknown, kind=kind),
        world.container.open_track().waveform(track_id=unknown),
        world.container.rename_track().execute(track_id=unknown, title=Title("After")),
        world.container.delete_track().execute(track_id=unknown),
    ):
        with pytest.raises(TrackNotFound):
            await ask
