"""The media tools keep their contract: both ffmpegs and the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.media.ffmpeg import FfmpegMedia
from audio_stream.adapters.media.locate import locate_bundled_ffmpeg, locate_ffmpeg
from audio_stream.domain.errors import MediaToolFailed, StorageFull
from contracts.media_tool_contract import AT, TITLE, MediaToolContract
from fakes.memory_media import MemoryMediaTool

if TYPE_CHECKING:
    from pathlib import Path

    from audio_stream.usecases.ports import MediaTool


class TestMemoryMediaTool(MediaToolContract):
    @pytest.fixture
    def media(self) -> MediaTool:
        return MemoryMediaTool()

    async def test_each_switch_fails_one_call(self, tmp_path: Path) -> None:
        media, source, target = MemoryMediaTool(), tmp_path / "source", tmp_path / "target"
        source.write_bytes(b"OggS and so on")
        media.fail_next_finalise = StorageFull()
        with pytest.raises(StorageFull):
            await media.finalise(source, target)
        media.fail_next_mp3 = MediaToolFailed("It broke.")
        with pytest.raises(MediaToolFailed):
            await media.encode_mp3(source, target, title=TITLE, created_at=AT)
        media.fail_next_peaks = MediaToolFailed("It broke.")
        with pytest.raises(MediaToolFailed):
            await media.measure_peaks(source)
        assert not target.exists()
        media.keep_raw_because = "The copy lost a packet."
        finalised = await media.finalise(source, target)
        assert finalised.kept_raw_because == "The copy lost a packet."
        assert media.finalised == [b"OggS and so on"]
        await media.encode_mp3(source, target, title=TITLE, created_at=AT)
        await media.measure_peaks(source)


class TestFfmpegOfThePath(MediaToolContract):
    @pytest.fixture
    def media(self) -> MediaTool:
        return FfmpegMedia(locate_ffmpeg())


class TestFfmpegOfTheWheel(MediaToolContract):
    @pytest.fixture
    def media(self) -> MediaTool:
        return FfmpegMedia(locate_bundled_ffmpeg())
