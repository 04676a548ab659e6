"""ReconcileLibrary: whatever befell catalog, manifests or blobs, they agree again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from audio_stream.domain.events import TrackChangedEvent
from audio_stream.domain.ids import RecordingId, TrackId
from audio_stream.domain.recordings import MISSING_SPOOL, RecordingState
from audio_stream.domain.tracks import Rendition, RenditionKind, RenditionState, TrackState
from audio_stream.usecases.mend_track import GONE
from contracts.examples import recording, track
from fakes.sounds import ogg

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from audio_stream.domain.tracks import Track
    from fakes.memory_world import MemoryWorld

SOUND = ogg(3000)


async def reconcile(world: MemoryWorld) -> None:
    await world.container.reconcile_library().execute()
    await world.settle()


async def recorded(world: MemoryWorld) -> Track:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND, length_bytes=len(SOUND))
    await world.settle()
    world.journal.lines.clear()
    return world.track(recording_id)


async def interrupted(world: MemoryWorld) -> Track:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    await world.fall_silent()
    await world.settle()
    world.journal.lines.clear()
    return world.track(recording_id)


async def test_a_library_that_is_in_order_is_left_alone(world: MemoryWorld) -> None:
    made, waiting = await recorded(world), await interrupted(world)
    blobs, world.events.published = dict(world.blobs.blobs), []
    await reconcile(world)
    assert world.catalog.tracks == {made.id: made, waiting.id: waiting}
    assert world.blobs.blobs == blobs
    assert (world.journal.lines, world.events.published) == ([], [])


# -- manifests and rows


async def test_a_manifest_without_a_row_is_adopted(world: MemoryWorld) -> None:
    made, other = await recorded(world), await recorded(world)
    del world.catalog.tracks[made.id]
    await reconcile(world)
    assert replace(world.catalog.tracks[made.id], version=0) == replace(made, version=0)
    assert world.catalog.tracks[other.id] == other
    assert TrackChangedEvent(made.id) in world.events.published
    assert ("track adopted from its manifest", made.id, {}) in world.journal.lines


async def test_work_on_an_adopted_track_goes_on(world: MemoryWorld) -> None:
    made = await recorded(world)
    assert made.mp3.key is not None
    del world.catalog.tracks[made.id], world.blobs.blobs[made.mp3.key]
    world.manifests.tracks[made.id] = made.with_mp3(Rendition(kind=RenditionKind.MP3))
    await reconcile(world)
    assert world.catalog.tracks[made.id].mp3 == made.mp3


async def test_a_track_deleted_meanwhile_is_not_adopted(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await recorded(world)
    all_tracks = world.catalog.page_tracks

    async def page_and_delete(*, query: str, cursor: str | None, limit: int) -> object:
        if made.id in world.catalog.tracks:
            await world.container.delete_track().execute(track_id=made.id)
        return await all_tracks(query=query, cursor=cursor, limit=limit)

    monkeypatch.setattr(world.catalog, "page_tracks", page_and_delete)
    await reconcile(world)
    assert not world.catalog.tracks
    assert not world.blobs.blobs


async def test_a_manifest_that_is_missing_is_written(world: MemoryWorld) -> None:
    made = await recorded(world)
    world.manifests.tracks.clear()
    await reconcile(world)
    assert world.manifests.tracks[made.id] == replace(made, version=0)
    assert world.journal.has("manifest written again")


async def test_a_track_that_is_still_to_be_made_needs_no_manifest(world: MemoryWorld) -> None:
    await world.catalog.add_track(track(1))
    await reconcile(world)
    assert not world.manifests.tracks


# -- rows and blobs


async def test_an_original_that_is_gone_is_made_again_from_the_spool(world: MemoryWorld) -> None:
    made = await interrupted(world)
    assert made.original.key is not None
    del world.blobs.blobs[made.original.key]
    await reconcile(world)
    assert world.stored(RecordingId(made.id)) == SOUND
    again = world.catalog.tracks[made.id]
    assert (again.state, again.blob_keys) == (TrackState.READY, made.blob_keys)
    assert world.journal.has("original is gone and made again")


async def test_an_original_that_is_gone_for_good_fails_its_track_with_the_reason(
    world: MemoryWorld,
) -> None:
    made = await recorded(world)
    assert made.original.key is not None
    sound = world.blobs.blobs.pop(made.original.key)
    await reconcile(world)
    failed = world.catalog.tracks[made.id]
    assert (failed.state, failed.reason) == (TrackState.FAILED, GONE)
    assert (failed.original.state, failed.original.reason) == (RenditionState.FAILED, GONE)
    assert failed.mp3 == made.mp3, "it still plays"
    world.journal.lines.clear()
    await reconcile(world)
    assert not world.journal.lines, "said once"

    await world.blobs.put(made.original.key, sound, mime_type="audio/ogg")
    await reconcile(world)
    back = world.catalog.tracks[made.id]
    assert replace(back, version=0) == replace(made, version=0)
    assert world.journal.has("original is back")


async def test_an_mp3_that_is_gone_is_made_again(world: MemoryWorld) -> None:
    made = await recorded(world)
    assert made.mp3.key is not None
    del world.blobs.blobs[made.mp3.key]
    await reconcile(world)
    assert world.catalog.tracks[made.id].mp3 == made.mp3
    assert made.mp3.key in world.blobs.blobs


async def test_blobs_of_another_revision_go(world: MemoryWorld) -> None:
    made = await recorded(world)
    for key in (f"originals/{made.id}/0123.webm", f"mp3/{made.id}/0123.mp3"):
        await world.blobs.put(key, b"left by a crash", mime_type="audio/webm")
    await reconcile(world)
    assert set(world.blobs.blobs) == made.blob_keys
    assert ("superfluous blobs removed", made.id, {"blobs": 2}) in world.journal.lines


async def test_an_mp3_that_came_before_anybody_asked_is_kept(world: MemoryWorld) -> None:
    made = await recorded(world)
    pending = await world.catalog.save_track(made.with_mp3(Rendition(kind=RenditionKind.MP3)))
    await world.container.reconcile_library().execute()
    assert made.mp3.key in world.blobs.blobs
    assert world.catalog.tracks[made.id] == pending


async def test_a_track_being_made_again_keeps_what_it_is_made_of(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await interrupted(world)
    put = world.blobs.put

    async def put_and_reconcile(key: str, source: Path | bytes, **details: Any) -> None:  # noqa: ANN401 - whatever a put is told
        await put(key, source, **details)
        await world.container.reconcile_library().execute()

    monkeypatch.setattr(world.blobs, "put", put_and_reconcile)
    recording_id = RecordingId(made.id)
    more = ogg(4000)[3000:]
    await world.append(recording_id, 3000, more, length_bytes=4000)
    await world.settle()
    assert world.stored(recording_id) == SOUND + more
    again = world.track(recording_id)
    assert set(world.blobs.blobs) == again.blob_keys
    assert again.mp3.state is RenditionState.READY


# -- blobs that no track owns


async def test_blobs_of_a_deleted_track_go(world: MemoryWorld) -> None:
    made = await recorded(world)
    await world.container.delete_track().execute(track_id=made.id)
    await world.blobs.put(f"mp3/{made.id}/late.mp3", b"late", mime_type="audio/mpeg")
    await reconcile(world)
    assert not world.blobs.blobs
    assert world.journal.has("blobs of a deleted track removed")


async def test_blobs_that_nothing_speaks_of_stay_and_are_told(world: MemoryWorld) -> None:
    made = await recorded(world)
    blobs = dict(world.blobs.blobs)
    world.catalog.tracks.clear()
    world.catalog.recordings.clear()
    world.manifests.tracks.clear()
    await reconcile(world)
    assert world.blobs.blobs == blobs, f"somebody may be restoring {made.id}"
    assert ("blobs without a track left alone", "library", {"blobs": 3}) in world.journal.lines


async def test_strangers_in_the_library_are_left_alone(world: MemoryWorld) -> None:
    for key in ("originals/readme.txt", "originals/my-song/1.webm", "mp3"):
        await world.blobs.put(key, b"mine", mime_type="text/plain")
    await reconcile(world)
    assert len(world.blobs.blobs) == 3
    assert not world.journal.lines


async def test_a_recording_whose_file_is_gone_failed(world: MemoryWorld) -> None:
    lost, open_still = recording(1), await world.begin()
    await world.catalog.add_recording(lost)
    await reconcile(world)
    failed = world.recording(lost.id)
    assert (failed.state, failed.reason) == (RecordingState.FAILED, MISSING_SPOOL)
    assert world.recording(open_still).state is RecordingState.RECORDING


async def test_a_recording_that_is_stored_during_the_look_is_left_alone(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = recording(2)
    recording_id = await world.begin()
    await world.catalog.add_recording(lost)
    size_bytes = world.spool.size_bytes

    async def look_late(looked_at: RecordingId) -> int | None:
        monkeypatch.undo()
        await world.append(recording_id, 0, SOUND, length_bytes=len(SOUND))
        await world.settle()
        return await size_bytes(looked_at)

    monkeypatch.setattr(world.spool, "size_bytes", look_late)
    await reconcile(world)
    assert world.recording(recording_id).state is RecordingState.FINISHED
    assert world.stored(recording_id) == SOUND
    assert world.recording(lost.id).state is RecordingState.FAILED


async def test_large_libraries_are_looked_at_page_by_page(world: MemoryWorld) -> None:
    numbers = range(1201)
    for number in numbers:
        world.catalog.tracks[track(number).id] = track(number, state=TrackState.FAILED)
    await reconcile(world)
    assert set(world.manifests.tracks) == {TrackId(f"{number:032x}") for number in numbers}
