"""ResumeWork: a process may end anywhere, and the next one makes up for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from audio_stream.domain.errors import (
    StorageFull,
    TrackNotFound,
)
from audio_stream.domain.ids import TrackId
from audio_stream.domain.recordings import Recording, RecordingState
from audio_stream.domain.tracks import blob_prefixes
from contracts.examples import FULL_TRACK, track
from fakes.memory_source import SOUND, Source, straight
from fakes.memory_world import MemoryWorld


async def test_an_open_recording_is_open_again_and_interrupted_in_time(world: MemoryWorld) -> None:
    source = Source(world)
    await source.begin()
    await source.send(1000)
    world.start()
    await world.resume()
    assert source.id is not None
    assert world.recording(source.id).state is RecordingState.RECORDING
    await world.fall_silent()
    assert world.recording(source.id).state is RecordingState.INTERRUPTED


async def test_a_source_that_is_faster_than_the_start_is_not_disturbed(
    world: MemoryWorld,
) -> None:
    source = Source(world)
    await source.begin()
    await source.send(1000)
    world.start()
    await world.container.resume_work().index()
    await source.send(2000)
    assert source.id is not None
    async with world.container.open_recordings().turn(source.id) as turn:
        await world.container.resume_work().execute()
        assert not turn.yield_asked


async def test_a_recording_that_begins_as_the_program_starts_is_its_sources_alone(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, resuming = world.catalog.add_recording, []

    async def add_and_let_the_start_look(recording: Recording) -> None:
        await add(recording)
        resuming.append(asyncio.ensure_future(world.container.resume_work().execute()))
        for _ in range(50):
            await asyncio.sleep(0)

    await world.container.resume_work().index()
    monkeypatch.setattr(world.catalog, "add_recording", add_and_let_the_start_look)
    recording_id = await world.begin(length_bytes=0)
    await asyncio.gather(*resuming)
    assert world.recording(recording_id).state is RecordingState.RECORDING
    assert await world.append(recording_id, 0) == 0
    assert world.recording(recording_id).state is RecordingState.FINISHED


async def test_one_recording_that_cannot_be_taken_up_stops_no_other(world: MemoryWorld) -> None:
    sources = [Source(world) for _ in range(3)]
    for source in sources:
        await source.begin()
        await source.send(1000)
    world.start()
    await world.container.resume_work().index()
    assert sources[1].id is not None
    del world.catalog.recordings[sources[1].id]
    await world.container.resume_work().execute()
    assert world.journal.has("recording not taken up")
    assert len(world.container.open_recordings()) == 2


@pytest.mark.parametrize("change", ["failed", "interrupted", "declared"])
async def test_a_note_that_was_written_before_a_crash_and_its_row_was_not_is_right(
    world: MemoryWorld, change: str
) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    row = world.recording(recording_id)
    newer = {
        "failed": row.fail("The disk could not confirm."),
        "interrupted": row.interrupt(world.clock.now()),
        "declared": row.declare_length(3000),
    }[change]
    world.spool.notes[recording_id] = newer
    world.start()
    await world.resume()
    assert replace(world.recording(recording_id), version=0) == newer
    assert world.journal.has("recording indexed anew from its note")


async def test_a_discarded_recording_stays_so_whatever_its_note_says(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    discarded = replace(world.recording(recording_id), discarded=True)
    await world.catalog.save_recording(discarded)
    world.start()
    await world.resume()
    assert recording_id not in world.spool.bytes
    assert not world.catalog.tracks


async def test_a_lost_note_is_written_again_from_the_row(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    del world.spool.notes[recording_id]
    world.start()
    await world.resume()
    assert world.spool.notes[recording_id] == world.recording(recording_id)
    await world.fall_silent()
    await world.settle()
    assert world.stored(recording_id) == SOUND[:1000]


async def test_bytes_that_nobody_knows_anything_of_become_a_track(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    del world.spool.notes[recording_id], world.catalog.recordings[recording_id]
    world.start()
    await world.resume()
    assert world.stored(recording_id) == SOUND[:1000]
    assert world.track(recording_id).incomplete


async def test_a_disk_too_full_for_a_note_stops_no_start(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    del world.spool.notes[recording_id]
    world.spool.fail_annotate = StorageFull()
    world.start()
    await world.resume()
    world.spool.fail_annotate = None
    assert await world.append(recording_id, 1000, SOUND[1000:], length_bytes=3000) == 3000


@pytest.mark.parametrize("how", ["finished", "failed"])
async def test_of_an_empty_recording_that_is_over_nothing_stays(
    world: MemoryWorld, how: str
) -> None:
    recording_id = await world.begin()
    row = world.recording(recording_id)
    world.spool.notes[recording_id] = row.finish(0) if how == "finished" else row.fail("No audio.")
    world.start()
    await world.resume()
    assert recording_id not in world.spool.bytes
    assert not world.catalog.tracks


async def test_a_complete_recording_is_synced_before_the_start_finishes_it(
    world: MemoryWorld,
) -> None:
    recording_id = await world.begin(length_bytes=3000)
    world.spool.bytes[recording_id] += SOUND
    world.start()
    await world.resume()
    assert world.recording(recording_id).state is RecordingState.FINISHED
    assert world.spool.synced_bytes[recording_id] == 3000


async def test_what_a_start_did_is_told_in_a_line_each(world: MemoryWorld) -> None:
    open_still = await world.begin()
    await world.append(open_still, 0, SOUND[:1000])
    complete = await world.begin(length_bytes=3000)
    world.spool.bytes[complete] += SOUND
    deleted = await world.begin()
    await world.catalog.save_recording(replace(world.recording(deleted), discarded=True))
    world.start()
    world.journal.lines.clear()
    await world.resume()
    assert {(event, subject) for event, subject, _ in world.journal.lines} == {
        ("recording waits for its source", open_still),
        ("recording finished", complete),
        ("original made", complete),
        ("MP3 made", complete),
        ("deletion completed", deleted),
    }
    world.journal.lines.clear()
    await world.container.resume_work().execute()
    assert not world.journal.lines, "said once"


async def test_a_track_that_could_not_be_promised_is_promised_at_the_next_look(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: object) -> None:
        raise StorageFull

    recording_id = await world.begin()
    with monkeypatch.context() as patch:
        patch.setattr(world.catalog, "add_track", fail)
        with pytest.raises(StorageFull):
            await world.append(recording_id, 0, SOUND, length_bytes=3000)
    assert not world.catalog.tracks
    await world.container.resume_work().execute()
    await world.settle()
    assert world.stored(recording_id) == SOUND


async def test_another_look_at_what_waits_for_its_source_is_neither_news_nor_work(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source(world)
    await source.begin()
    await source.send(1000)
    await world.fall_silent()
    await world.settle()
    published = len(world.events.published)
    scheduled: list[TrackId] = []
    monkeypatch.setattr(world.container.work(), "schedule", scheduled.append)
    await world.container.resume_work().execute()
    assert (len(world.events.published), scheduled) == (published, [])


# -- a catalog that is lost


async def test_what_holds_no_audio_yet_is_not_tried_again_and_again(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:2])
    await world.fall_silent()
    await world.settle()
    world.start()
    await world.resume()
    assert not world.catalog.tracks
    news, lines = len(world.events.published), len(world.journal.lines)
    await world.resume()
    assert (len(world.events.published), len(world.journal.lines)) == (news, lines)
    await world.append(recording_id, 2, SOUND[2:])
    await world.fall_silent()
    await world.settle()
    assert world.stored(recording_id) == SOUND


async def test_a_lost_catalog_is_rebuilt_from_manifests_and_spool(world: MemoryWorld) -> None:
    done, open_still, away = (Source(world) for _ in range(3))
    await straight(world, done)
    for source in (open_still, away):
        await source.begin()
        await source.send(1000)
    world.clock.advance(world.container.settings().silence_s + 1)
    await open_still.send(2000)
    await world.container.interrupt_recordings().execute()
    await world.settle()
    tracks = dict(world.catalog.tracks)
    assert len(tracks) == 2

    world.catalog.recordings.clear()
    world.catalog.tracks.clear()
    world.start()
    await world.resume()

    found = {key: replace(one, version=0) for key, one in world.catalog.tracks.items()}
    assert found == {key: replace(one, version=0) for key, one in tracks.items()}
    for source in (open_still, away):
        await source.complete()
    await world.settle()
    for source in (done, open_still, away):
        assert source.id is not None
        assert world.stored(source.id) == SOUND


async def test_manifests_are_left_alone_when_the_catalog_has_tracks(world: MemoryWorld) -> None:
    await world.manifests.write(FULL_TRACK)
    await world.catalog.add_track(track(1))
    await world.resume()
    assert FULL_TRACK.id not in world.catalog.tracks


async def test_a_deleted_track_does_not_come_back(world: MemoryWorld) -> None:
    source = Source(world)
    await straight(world, source)
    assert source.id is not None
    await world.container.delete_track().execute(track_id=TrackId(source.id))
    world.catalog.recordings.clear()
    world.start()
    await world.resume()
    assert not world.catalog.tracks
    with pytest.raises(TrackNotFound):
        await world.container.delete_track().execute(track_id=TrackId(source.id))


async def test_a_track_of_a_rebuilt_catalog_can_be_deleted(world: MemoryWorld) -> None:
    source = Source(world)
    await straight(world, source)
    world.catalog.recordings.clear()
    world.catalog.tracks.clear()
    world.start()
    await world.resume()
    assert source.id is not None
    await world.container.delete_track().execute(track_id=TrackId(source.id))
    assert not world.blobs.blobs
    assert not world.manifests.tracks


# -- what the end of a recording can meet


@pytest.mark.parametrize("how", ["head", "silence", "restart"])
async def test_a_recording_that_could_not_be_finished_at_its_last_byte_is_finished_later(
    world: MemoryWorld, how: str
) -> None:
    recording_id = await world.begin(length_bytes=3000)
    await world.append(recording_id, 0, SOUND[:1000])
    world.spool.fail_annotate = StorageFull()
    with pytest.raises(StorageFull):
        await world.append(recording_id, 1000, SOUND[1000:])
    world.spool.fail_annotate = None
    match how:
        case "head":
            assert await world.offset(recording_id) == 3000
        case "silence":
            await world.fall_silent()
        case _:
            world.start()
            await world.resume()
    await world.settle()
    assert world.recording(recording_id).state is RecordingState.FINISHED
    assert not world.track(recording_id).incomplete


async def test_blobs_that_nobody_knows_of_go_with_the_next_revision(world: MemoryWorld) -> None:
    source = Source(world)
    await source.begin()
    assert source.id is not None
    for prefix in blob_prefixes(TrackId(source.id)):
        await world.blobs.put(f"{prefix}left-by-a-crash.webm", b"x", mime_type="audio/webm")
    for until in (1000, 3000):
        await source.send(until)
    await world.settle()
    assert not [key for key in world.blobs.blobs if "left-by" in key]
