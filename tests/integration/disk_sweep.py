"""A short recording's life on a disk that fails, stops or loses power at one chosen call."""

from __future__ import annotations

import errno
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from audio_stream.domain.errors import StorageFailed, StorageFull
from audio_stream.domain.ids import RecordingId, TrackId
from audio_stream.domain.recordings import RecordingState
from audio_stream.domain.tracks import TrackState, manifest_key
from fakes.disk_world import DiskWorld, Source
from fakes.mortal import Killed
from fakes.sounds import ogg

SOUND = ogg(3000)


@dataclass(frozen=True)
class Fault:
    """What befalls the disk at the chosen call."""

    name: str
    number: int | None
    """The errno; None: the process ends there, and what was not synced is forgotten."""
    stays: bool = False
    """Whether nothing can be written from there on, until there is room again."""
    catalog_too: bool = False
    """Whether the power loss takes the catalog along."""
    seed: int | None = None
    """Of the luck by which some of what was not synced survives."""
    again: bool = False
    """Whether the same befalls the next process too, as it takes up the work."""
    killed_first: bool = False
    """Whether the process ends and the power stays; that is lost in the end."""
    fsync: str = "always"
    """The setting: what only dies loses nothing by the others either, and tracks are safe."""

    def luck(self, call: int) -> random.Random | None:
        return None if self.seed is None else random.Random(self.seed * 10_007 + call)


FAULTS = (
    Fault("EIO", errno.EIO),
    Fault("EIO, and later the catalog is lost", errno.EIO, catalog_too=True),
    Fault("ENOSPC", errno.ENOSPC),
    Fault("ENOSPC until there is room", errno.ENOSPC, stays=True),
    Fault("power loss", None),
    Fault("power loss with luck", None, seed=1),
    Fault("power loss, and the catalog is lost", None, catalog_too=True),
    Fault("power loss, and another soon", None, again=True),
    Fault("a kill, and later a power loss", None, killed_first=True),
    Fault("a kill, and later the catalog is lost", None, killed_first=True, catalog_too=True),
    Fault("a kill, synced in intervals", None, killed_first=True, fsync="interval"),
    Fault("a kill, never synced", None, killed_first=True, fsync="off"),
)


async def recorded(world: DiskWorld, source: Source) -> None:
    """Live straight on to a track that gets another title."""
    for until in (1000, 2000, 3000):
        await source.send_at_last(until)
    await world.clear_up()
    await source.rename()


async def hurried(world: DiskWorld, source: Source) -> None:
    """Live straight on, never waiting for the disk but at the end."""
    source.patience_s = 0.0
    for until in range(500, 3001, 500):
        await source.send_at_last(until)
    await world.clear_up()


async def interrupted(world: DiskWorld, source: Source) -> None:
    """Live as one whose source leaves and comes back."""
    await source.send_at_last(1000)
    await world.fall_silent()
    await source.send_at_last(3000)
    await world.clear_up()


async def deleted(world: DiskWorld, source: Source) -> None:
    """Live to a track that nobody wants."""
    await source.send_at_last(3000)
    await world.clear_up()
    await source.delete()


Life = Callable[[DiskWorld, Source], Awaitable[None]]
LIVES: tuple[Life, ...] = (recorded, hurried, interrupted, deleted)


async def live_through(
    folder: Path,
    life: Life,
    fault: Fault,
    call: int,
) -> bool:
    """Hold the program to its promises; return whether life had as many calls.

    Raises AssertionError for a promise that was broken.
    """
    world = DiskWorld(folder, fsync=fault.fsync)
    source = Source(world, SOUND)
    await world.start()
    await world.resume()
    before = len(world.files.log)
    world.files.fail_at, world.files.fail_with = before + call, fault.number
    world.files.full_from_there = fault.stays
    try:
        await life(world, source)
    except Killed:
        assert fault.number is None
    was_reached = len(world.files.log) > before + call
    await recover(world, fault, call)
    await source.come_to_an_end()
    await world.look()
    check_track(world, source)
    if fault.number is not None or fault.killed_first:
        await world.lose_power(fault.luck(call), catalog_too=fault.catalog_too)
        await world.resume()
        check_track(world, source)
    await world.let_everything_expire()
    check_leftovers(world)
    await world.end()
    return was_reached


async def recover(world: DiskWorld, fault: Fault, call: int) -> None:
    """Mend the disk, or begin another process, and let it take up the work."""
    if fault.number is not None:
        world.files.heal()
        await world.look()
        return
    if fault.killed_first:
        await world.be_killed()
    else:
        await world.lose_power(fault.luck(call), catalog_too=fault.catalog_too)
    if fault.again:
        world.files.fail_at = len(world.files.log) + call % 41
        with suppress(Killed):
            await world.resume()
        await world.lose_power(fault.luck(call))
    await world.resume()


def check_track(world: DiskWorld, source: Source) -> None:
    """Hold what is in the library to what the source was told."""
    if source.deleted or not (source.finished or source.acknowledged):
        assert not world.catalog.tracks
        return
    (track,) = world.catalog.tracks.values()
    assert RecordingId(track.id) == source.id
    assert track.state is TrackState.READY, track.reason
    assert track.original.key is not None
    stored = (world.data_dir / "library" / track.original.key).read_bytes()
    if source.finished:
        assert stored == SOUND
        assert not track.incomplete
    else:
        assert source.given_up is not None, "a source is told when to give up"
        recording = world.catalog.recordings.get(RecordingId(track.id))
        assert recording is None or (recording.state is RecordingState.FAILED and recording.reason)
        assert stored == SOUND[: len(stored)]
        assert len(stored) >= source.acknowledged
        assert track.incomplete
    if source.renamed:
        assert track.title == "Another title"


def check_leftovers(world: DiskWorld) -> None:
    """Hold the folders to what the catalog knows."""
    owned: set[str] = set()
    for track in world.catalog.tracks.values():
        owned |= track.blob_keys | {manifest_key(TrackId(track.id))}
    assert world.stored_files() == owned
    assert world.spooled_files() == []
    assert not [e for e in world.journal.errors if not isinstance(e, (StorageFull, StorageFailed))]
