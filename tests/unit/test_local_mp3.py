"""LocalMp3Converter: out of the blob store, through the media tool, back into the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.media.local_mp3 import LocalMp3Converter
from audio_stream.domain.errors import (
    BlobNotFound,
    MediaToolFailed,
    StorageFailed,
    StorageFull,
)
from audio_stream.domain.tracks import Rendition, RenditionKind, RenditionState
from audio_stream.infrastructure.scratch import FolderScratch
from contracts.examples import track
from fakes.memory_blob_store import MemoryBlobStore
from fakes.memory_media import MemoryMediaTool

if TYPE_CHECKING:
    from pathlib import Path

KEY = "originals/1/r1.ogg"
TRACK = track(1, revision="r1", original=Rendition(kind=RenditionKind.ORIGINAL, key=KEY))
SOUND = b"OggS" + bytes(600_000)


class Setting:
    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir
        self.blobs = MemoryBlobStore()
        self.blobs.blobs[KEY] = SOUND
        self.media = MemoryMediaTool()
        self.converter = LocalMp3Converter(self.blobs, self.media, FolderScratch(work_dir))


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(tmp_path)


async def test_the_mp3_is_stored_under_the_tracks_revision(setting: Setting) -> None:
    mp3 = await setting.converter.convert(TRACK)
    key = f"mp3/{TRACK.id}/r1.mp3"
    stored = setting.blobs.blobs[key]
    assert mp3 == Rendition(
        kind=RenditionKind.MP3,
        state=RenditionState.READY,
        key=key,
        mime_type="audio/mpeg",
        size_bytes=len(stored),
    )
    assert stored == b"ID3 Track 1 2024-02-29\n" + SOUND
    assert setting.blobs.mime_types[key] == "audio/mpeg"


async def test_converting_again_gives_the_same(setting: Setting) -> None:
    assert await setting.converter.convert(TRACK) == await setting.converter.convert(TRACK)


async def test_nothing_stays_in_the_work_folder(setting: Setting) -> None:
    await setting.converter.convert(TRACK)
    assert not list(setting.work_dir.iterdir())


@pytest.mark.parametrize("error", [MediaToolFailed("It broke."), StorageFull()])
async def test_a_failed_conversion_stores_nothing_and_leaves_nothing(
    error: Exception, setting: Setting
) -> None:
    setting.media.fail_next_mp3 = error
    with pytest.raises(type(error)):
        await setting.converter.convert(TRACK)
    assert list(setting.blobs.blobs) == [KEY]
    assert not list(setting.work_dir.iterdir())


@pytest.mark.parametrize("error", [StorageFailed("EIO"), StorageFull()])
async def test_a_failing_store_is_told_of_and_leaves_nothing(
    error: Exception, setting: Setting
) -> None:
    setting.blobs.fail_next_put = error
    with pytest.raises(type(error)):
        await setting.converter.convert(TRACK)
    assert not list(setting.work_dir.iterdir())


async def test_a_missing_original_is_told_of(setting: Setting) -> None:
    del setting.blobs.blobs[KEY]
    with pytest.raises(BlobNotFound):
        await setting.converter.convert(TRACK)
    with pytest.raises(BlobNotFound):
        await setting.converter.convert(track(2))
    assert not list(setting.work_dir.iterdir())


async def test_a_work_folder_that_is_gone_is_the_disks_failure(setting: Setting) -> None:
    setting.work_dir.rmdir()
    with pytest.raises(StorageFailed):
        await setting.converter.convert(TRACK)
