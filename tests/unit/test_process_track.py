"""ProcessTrack and what it stands on: from the last byte to a track with an MP3."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from audio_stream.domain.errors import (
    BlobNotFound,
    InvalidRequest,
    MediaToolFailed,
    NoAudio,
    StorageFailed,
    StorageFull,
)
from audio_stream.domain.events import TrackChangedEvent
from audio_stream.domain.ids import TrackId
from audio_stream.domain.recordings import RecordingState
from audio_stream.domain.titles import Title
from audio_stream.domain.tracks import RenditionState, TrackState, blob_prefixes
from fakes.sounds import ogg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audio_stream.domain.ids import RecordingId
    from fakes.memory_world import MemoryWorld

SAMPLES = Path(__file__).parents[1] / "samples"
SOUND = ogg(3000)


@pytest.fixture(autouse=True)
def _no_pauses() -> Iterator[None]:
    """Try again at once, and only a few times."""
    with stamina.set_testing(testing=True, attempts=3):
        yield


async def recorded(world: MemoryWorld, sound: bytes = SOUND) -> RecordingId:
    recording_id = await world.begin()
    await world.append(recording_id, 0, sound, length_bytes=len(sound))
    await world.settle()
    return recording_id


def keys_of(world: MemoryWorld, recording_id: RecordingId) -> set[str]:
    prefixes = blob_prefixes(TrackId(recording_id))
    return {key for key in world.blobs.blobs if key.startswith(prefixes)}


async def test_a_finished_recording_becomes_a_track_with_an_mp3(world: MemoryWorld) -> None:
    recording_id = await recorded(world)
    track = world.track(recording_id)
    assert (track.state, track.title, track.incomplete) == (TrackState.READY, "A song", False)
    assert track.duration_s == pytest.approx(3000 / 8000)
    assert world.stored(recording_id) == SOUND
    assert track.mp3.state is RenditionState.READY
    assert keys_of(world, recording_id) == track.blob_keys
    assert world.manifests.tracks[track.id] == replace(track, version=0)
    assert recording_id not in world.spool.bytes


async def test_a_track_is_announced_as_it_appears_and_changes(world: MemoryWorld) -> None:
    recording_id = await recorded(world)
    news = [e for e in world.events.published if isinstance(e, TrackChangedEvent)]
    assert news == [TrackChangedEvent(TrackId(recording_id))] * 3, "promised, original, MP3"


async def test_an_untitled_recording_is_called_by_station_and_date(world: MemoryWorld) -> None:
    recording_id = await world.begin("")
    await world.append(recording_id, 0, SOUND, length_bytes=3000)
    await world.settle()
    started = world.recording(recording_id).started_at.astimezone()
    assert world.track(recording_id).title == f"main {started:%Y-%m-%d %H:%M}"


async def test_a_recording_without_a_byte_leaves_nothing(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, length_bytes=0)
    await world.settle()
    assert world.recording(recording_id).state is RecordingState.FINISHED
    assert not world.catalog.tracks
    assert recording_id not in world.spool.bytes


async def test_a_recording_without_audio_leaves_no_track(world: MemoryWorld) -> None:
    world.media.fail_next_finalise = NoAudio()
    recording_id = await recorded(world)
    assert not world.catalog.tracks
    assert not world.manifests.tracks
    assert recording_id not in world.spool.bytes
    recording = world.recording(recording_id)
    assert (recording.state, recording.reason) == (RecordingState.FAILED, str(NoAudio()))
    assert TrackChangedEvent(TrackId(recording_id), deleted=True) in world.events.published


async def test_a_track_that_cannot_be_made_says_why_and_keeps_the_bytes(
    world: MemoryWorld,
) -> None:
    world.media.fail_next_finalise = MediaToolFailed("It makes no sense.")
    recording_id = await recorded(world)
    track = world.track(recording_id)
    assert (track.state, track.reason) == (TrackState.FAILED, "It makes no sense.")
    assert [r.state for r in track.renditions] == [RenditionState.FAILED] * 2
    assert world.spool.bytes[recording_id] == SOUND
    await world.resume()
    assert world.track(recording_id).state is TrackState.FAILED, "the same bytes fail again"


async def test_a_failed_mp3_fails_only_itself(world: MemoryWorld) -> None:
    world.media.fail_next_mp3 = MediaToolFailed("It ran out of memory.")
    recording_id = await recorded(world)
    track = world.track(recording_id)
    assert track.state is TrackState.READY
    assert (track.mp3.state, track.mp3.reason) == (RenditionState.FAILED, "It ran out of memory.")


async def test_an_original_that_vanished_fails_the_mp3(world: MemoryWorld) -> None:
    world.media.fail_next_mp3 = BlobNotFound("originals/x")
    recording_id = await recorded(world)
    assert world.track(recording_id).mp3.state is RenditionState.FAILED


async def test_why_an_original_was_kept_raw_is_in_the_log(world: MemoryWorld) -> None:
    world.media.keep_raw_because = "A packet was lost."
    recording_id = await recorded(world)
    assert world.track(recording_id).state is TrackState.READY
    assert ("original kept raw", recording_id, {"reason": "A packet was lost."}) in (
        world.journal.lines
    )


# -- interrupted, and come back


async def test_what_came_before_an_interruption_is_an_incomplete_track(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    await world.fall_silent()
    await world.settle()
    track = world.track(recording_id)
    assert (track.state, track.incomplete) == (TrackState.READY, True)
    assert world.stored(recording_id) == SOUND[:1000]
    assert world.spool.bytes[recording_id] == SOUND[:1000], "its source may return"


async def test_a_late_completion_replaces_the_revision_and_removes_the_old_blobs(
    world: MemoryWorld,
) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    await world.fall_silent()
    await world.settle()
    before = world.track(recording_id)
    await world.container.rename_track().execute(track_id=before.id, title=Title("Renamed"))
    world.events.published.clear()
    assert await world.append(recording_id, 1000, SOUND[1000:], length_bytes=3000) == 3000
    await world.settle()
    track = world.track(recording_id)
    assert (track.incomplete, track.title, track.name) == (False, "Renamed", before.name)
    assert world.stored(recording_id) == SOUND
    assert track.mp3.state is RenditionState.READY
    assert keys_of(world, recording_id) == track.blob_keys
    assert not before.blob_keys & track.blob_keys
    assert recording_id not in world.spool.bytes
    news = [event for event in world.events.published if isinstance(event, TrackChangedEvent)]
    assert news == [TrackChangedEvent(before.id)] * 2, "original, MP3: pages show it by themselves"


async def test_a_late_completion_without_more_bytes_keeps_the_revision(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND)
    await world.fall_silent()
    await world.settle()
    before = world.track(recording_id)
    assert before.incomplete
    await world.append(recording_id, 3000, length_bytes=3000)
    await world.settle()
    track = world.track(recording_id)
    assert not track.incomplete
    assert track.blob_keys == before.blob_keys <= set(world.blobs.blobs)


async def test_a_track_made_while_its_source_is_back_is_still_incomplete(
    world: MemoryWorld,
) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    await world.fall_silent()
    await world.append(recording_id, 1000, SOUND[1000:2000])
    await world.settle()
    assert world.track(recording_id).incomplete
    await world.append(recording_id, 2000, SOUND[2000:], length_bytes=3000)
    await world.settle()
    assert not world.track(recording_id).incomplete
    assert world.stored(recording_id) == SOUND


async def test_a_failure_of_the_completion_leaves_what_plays(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:1000])
    await world.fall_silent()
    await world.settle()
    world.media.fail_next_finalise = MediaToolFailed("It makes no sense.")
    await world.append(recording_id, 1000, SOUND[1000:], length_bytes=3000)
    await world.settle()
    assert world.track(recording_id).state is TrackState.READY
    assert world.stored(recording_id) == SOUND[:1000]
    await world.resume()
    assert world.stored(recording_id) == SOUND, "the next start tries again"


async def test_an_interrupted_recording_without_audio_can_still_be_completed(
    world: MemoryWorld,
) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND[:10])
    world.media.fail_next_finalise = NoAudio()
    await world.fall_silent()
    await world.settle()
    assert not world.catalog.tracks
    await world.append(recording_id, 10, SOUND[10:], length_bytes=3000)
    await world.settle()
    assert world.stored(recording_id) == SOUND


# -- disks and deletions in between


@pytest.mark.parametrize("error", [StorageFull(), StorageFailed("gone")])
async def test_work_that_met_a_full_disk_is_tried_again(
    world: MemoryWorld, error: Exception
) -> None:
    world.blobs.fail_next_put = error
    recording_id = await recorded(world)
    assert world.track(recording_id).mp3.state is RenditionState.READY
    assert not world.journal.errors


async def test_a_mistake_in_one_track_is_logged_and_the_next_is_made(world: MemoryWorld) -> None:
    world.media.fail_next_finalise = ZeroDivisionError()
    first = await recorded(world)
    assert [type(error) for error in world.journal.errors] == [ZeroDivisionError]
    assert world.track(first).state is TrackState.PROCESSING
    second = await recorded(world)
    assert world.track(second).state is TrackState.READY
    await world.resume()
    assert world.track(first).state is TrackState.READY


async def test_an_original_is_stored_with_what_a_converter_elsewhere_is_told(
    world: MemoryWorld,
) -> None:
    track = world.track(await recorded(world))
    assert track.original.key
    assert world.blobs.labels[track.original.key] == {
        "title": track.title,
        "created-at": track.created_at.isoformat(),
    }


@pytest.mark.parametrize("step", ["original", "mp3"])
async def test_nothing_stays_of_a_track_deleted_while_it_is_made(
    world: MemoryWorld, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    put = world.blobs.put
    deleted: list[str] = []

    async def put_and_be_deleted(key: str, source: Path | bytes, **details: Any) -> None:  # noqa: ANN401 - whatever a put is told
        await put(key, source, **details)
        if key.startswith(step) and not deleted:
            track_id = TrackId(key.split("/")[1])
            deleted.append(track_id)
            await world.container.delete_track().execute(track_id=track_id)

    monkeypatch.setattr(world.blobs, "put", put_and_be_deleted)
    recording_id = await recorded(world)
    assert deleted == [recording_id]
    assert not world.catalog.tracks
    assert not world.manifests.tracks
    assert not world.blobs.blobs
    assert not world.spool.bytes


async def test_a_rename_while_the_track_is_made_is_kept(world: MemoryWorld) -> None:
    recording_id = await world.begin()
    await world.append(recording_id, 0, SOUND, length_bytes=3000)
    await world.container.rename_track().execute(
        track_id=TrackId(recording_id), title=Title("Renamed")
    )
    await world.settle()
    assert world.track(recording_id).title == "Renamed"
    assert world.track(recording_id).state is TrackState.READY
    assert world.manifests.tracks[TrackId(recording_id)].title == "Renamed"


async def test_an_mp3_s_original_is_its_mp3(world: MemoryWorld) -> None:
    recording_id = await recorded(world, (SAMPLES / "source-cbr.mp3").read_bytes())
    track = world.track(recording_id)
    assert track.mp3.state is RenditionState.READY
    assert track.mp3.key == track.original.key


async def test_a_failed_mp3_can_be_tried_again(world: MemoryWorld) -> None:
    world.media.fail_next_mp3 = MediaToolFailed("no")
    recording_id = await recorded(world)
    assert world.track(recording_id).mp3.state is RenditionState.FAILED
    retried = await world.container.retry_mp3().execute(track_id=TrackId(recording_id))
    assert retried.mp3.state is RenditionState.PENDING
    await world.settle()
    assert world.track(recording_id).mp3.state is RenditionState.READY


async def test_only_a_failed_mp3_can_be_tried_again(world: MemoryWorld) -> None:
    recording_id = await recorded(world)
    with pytest.raises(InvalidRequest):
        await world.container.retry_mp3().execute(track_id=TrackId(recording_id))


async def test_a_track_whose_peaks_cannot_be_drawn_is_a_track(world: MemoryWorld) -> None:
    world.media.fail_next_peaks = MediaToolFailed("no decoder")
    recording_id = await recorded(world)
    track = world.track(recording_id)
    assert track.state is TrackState.READY
    assert track.waveform_key is None
