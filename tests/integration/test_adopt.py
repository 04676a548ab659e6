"""The Node.js original's recordings, brought in from its folder and from its bucket."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.blob.old_libraries import FolderOldLibrary, S3OldLibrary
from audio_stream.adapters.media.ffmpeg import FfmpegMedia
from audio_stream.adapters.media.locate import locate_ffmpeg
from audio_stream.domain.ids import StationSlug
from audio_stream.domain.tracks import RenditionState, TrackState, mp3_key
from audio_stream.infrastructure.scratch import FolderScratch
from audio_stream.usecases.adopt_old_tracks import AdoptOldTracks
from fakes.memory_blob_store import MemoryBlobStore
from fakes.memory_catalog import MemoryCatalog
from fakes.memory_journal import MemoryJournal
from fakes.memory_manifests import MemoryManifests

if TYPE_CHECKING:
    from fakes.moto_server import Bucket

SAMPLES = Path(__file__).parents[1] / "samples"
RECORDED = datetime(2021, 5, 4, 3, 2, 1, tzinfo=UTC)


class World:
    def __init__(self, folder: Path) -> None:
        self.catalog = MemoryCatalog()
        self.blobs = MemoryBlobStore()
        self.manifests = MemoryManifests()
        scratch = FolderScratch(folder / "scratch")
        scratch.sweep()
        self.adopt = AdoptOldTracks(
            catalog=self.catalog,
            manifests=self.manifests,
            blobs=self.blobs,
            media=FfmpegMedia(locate_ffmpeg()),
            scratch=scratch,
            journal=MemoryJournal(),
            station=StationSlug("main"),
        )


@pytest.fixture
def media(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    folder.mkdir()
    # As the original wrote them: WebM without a duration, under Ogg's extension.
    old_file(folder / "my-first-show.ogg", "chromium-100ms.webm")
    old_file(folder / "my-first-show.mp3", "source-cbr.mp3")
    old_file(folder / "only-an-mp3.mp3", "source-cbr.mp3")
    old_file(folder / "unconverted.ogg", "firefox-1000ms.ogg")
    (folder / "broken.ogg").write_bytes(b"no audio at all")
    (folder / "notes.txt").write_text("not ours")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def old_file(path: Path, sample: str) -> None:
    shutil.copyfile(SAMPLES / sample, path)
    os.utime(path, (RECORDED.timestamp(), RECORDED.timestamp()))


async def test_a_folder_is_adopted_with_names_and_dates(tmp_path: Path, media: Path) -> None:
    world = World(tmp_path)
    before = contents(media)
    assert await world.adopt.execute(FolderOldLibrary(media)) == (3, 1)
    tracks = {track.name: track for track in world.catalog.tracks.values()}
    assert set(tracks) == {"my-first-show", "only-an-mp3", "unconverted"}
    show = tracks["my-first-show"]
    assert show.title == "my first show"
    assert show.created_at == RECORDED
    assert show.state is TrackState.READY
    assert show.duration_s == pytest.approx(12.0, abs=0.05)
    assert show.original.mime_type == "audio/webm;codecs=opus"
    assert contents(media) == before


async def test_the_mp3_of_the_same_name_is_the_track_s(tmp_path: Path, media: Path) -> None:
    world = World(tmp_path)
    await world.adopt.execute(FolderOldLibrary(media))
    tracks = {track.name: track for track in world.catalog.tracks.values()}
    show, lone = tracks["my-first-show"], tracks["only-an-mp3"]
    assert show.mp3.key == mp3_key(show.id, show.revision or "")
    assert show.mp3.state is RenditionState.READY
    assert lone.mp3.key == lone.original.key
    assert tracks["unconverted"].mp3.state is RenditionState.PENDING


async def test_each_adopted_track_has_a_manifest(tmp_path: Path, media: Path) -> None:
    world = World(tmp_path)
    await world.adopt.execute(FolderOldLibrary(media))
    noted = {track.name async for track in world.manifests.read_all()}
    assert noted == {track.name for track in world.catalog.tracks.values()}


async def test_adopting_again_changes_nothing(tmp_path: Path, media: Path) -> None:
    world = World(tmp_path)
    await world.adopt.execute(FolderOldLibrary(media))
    before = dict(world.catalog.tracks)
    assert await world.adopt.execute(FolderOldLibrary(media)) == (0, 1)
    assert world.catalog.tracks == before


async def test_a_bucket_is_adopted_and_what_is_not_the_original_s_left(
    tmp_path: Path, bucket: Bucket
) -> None:
    for key, sample in {
        "audio-stream-files/a b+ü.ogg": "chromium-100ms.webm",
        "audio-stream-files/a b+ü.mp3": "source-cbr.mp3",
        "audio-stream-files/originals/0a/1.ogg": "source-opus.ogg",
    }.items():
        body = (SAMPLES / sample).read_bytes()
        bucket.client.put_object(Bucket=bucket.name, Key=key, Body=body)
    world = World(tmp_path)
    assert await world.adopt.execute(S3OldLibrary(bucket.options())) == (1, 0)
    (track,) = world.catalog.tracks.values()
    assert track.name == "a b+ü"
    assert track.mp3.state is RenditionState.READY
    assert len(bucket.keys()) == 3


def test_the_command_says_what_it_did(tmp_path: Path, media: Path) -> None:
    command = [sys.executable, "-m", "audio_stream", "--data-dir", "data", "adopt"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS", "MEDIA"))}
    done = subprocess.run(
        [*command, "--folder", str(media)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Adopted 3 tracks; 1 could not be read" in done.stdout
    assert done.returncode == 1


def test_the_command_says_where_it_looked_in_vain(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "audio_stream", "--data-dir", "data", "adopt"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS", "MEDIA"))}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "There is no folder media" in done.stderr
