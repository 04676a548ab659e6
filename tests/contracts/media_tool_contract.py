"""What every media tool does, the fake included."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audio_stream.domain.errors import MediaToolFailed, NoAudio, UnsupportedMedia
from audio_stream.domain.titles import clean_title
from audio_stream.domain.tracks import extension_of
from audio_stream.usecases.ports import MediaTool

SAMPLES = Path(__file__).parents[1] / "samples"

# One is enough here: the integration tests take those of all recorders.
RECORDING = "firefox-100ms.webm"
TITLE = clean_title("A = “b” -f 😀 ; $(x)")
AT = datetime(2025, 2, 3, 12, 0, tzinfo=UTC)


class MediaToolContract:
    """Subclass it with a `media` fixture."""

    @pytest.fixture
    def media(self) -> MediaTool:
        raise NotImplementedError

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        return _write(tmp_path / "source", _read(SAMPLES / RECORDING))

    @pytest.fixture
    def target(self, tmp_path: Path) -> Path:
        return tmp_path / "target"

    async def test_finalising_tells_what_it_made_and_changes_nothing_else(
        self, media: MediaTool, source: Path, target: Path
    ) -> None:
        before = _read(source)
        finalised = await media.finalise(source, target)
        data = _read(target)
        assert finalised.revision == hashlib.sha256(data).hexdigest()[:16]
        assert finalised.size_bytes == len(data)
        assert finalised.duration_s > 1
        assert finalised.kept_raw_because is None
        assert extension_of(finalised.mime_type) == "webm"
        assert _read(source) == before
        assert _names(target.parent) == {"source", "target"}

    async def test_finalising_again_gives_the_same_bytes_over_those_that_were_there(
        self, media: MediaTool, source: Path, target: Path
    ) -> None:
        first = await media.finalise(source, target)
        _write(target, b"something else")
        assert await media.finalise(source, target) == first
        assert hashlib.sha256(_read(target)).hexdigest().startswith(first.revision)

    async def test_other_bytes_have_another_revision(
        self, media: MediaTool, source: Path, target: Path
    ) -> None:
        first = await media.finalise(source, target)
        half = _write(source, _read(source)[: first.size_bytes // 2])
        second = await media.finalise(half, target)
        assert second.revision != first.revision
        assert second.duration_s < first.duration_s

    async def test_an_empty_source_is_no_audio(self, media: MediaTool, target: Path) -> None:
        empty = _write(target.with_name("empty"), b"")
        with pytest.raises(NoAudio):
            await media.finalise(empty, target)
        assert _names(target.parent) == {"empty"}

    async def test_a_source_that_ends_in_its_first_bytes_is_no_audio(
        self, media: MediaTool, source: Path, target: Path
    ) -> None:
        _write(source, _read(source)[:2])
        with pytest.raises(NoAudio):
            await media.finalise(source, target)
        assert _names(target.parent) == {"source"}

    async def test_bytes_of_no_known_container_are_refused(
        self, media: MediaTool, target: Path
    ) -> None:
        text = _write(target.with_name("text"), b"ffconcat version 1.0\nfile /etc/hostname\n")
        with pytest.raises(UnsupportedMedia):
            await media.finalise(text, target)
        assert _names(target.parent) == {"text"}

    async def test_an_mp3_begins_with_a_tag(
        self, media: MediaTool, source: Path, target: Path
    ) -> None:
        await media.encode_mp3(source, target, title=TITLE, created_at=AT)
        assert _read(target).startswith(b"ID3")
        assert _names(target.parent) == {"source", "target"}

    @pytest.mark.parametrize("data", [b"", b"#EXTM3U\n", None], ids=["empty", "text", "missing"])
    async def test_an_mp3_of_nothing_fails_and_leaves_nothing(
        self, data: bytes | None, media: MediaTool, target: Path
    ) -> None:
        bad = target.with_name("bad")
        if data is not None:
            _write(bad, data)
        with pytest.raises(MediaToolFailed):
            await media.encode_mp3(bad, target, title=TITLE, created_at=AT)
        assert _names(target.parent) == ({"bad"} if data is not None else set())

    async def test_peaks_are_audiowaveform_version_2_with_ten_a_second(
        self, media: MediaTool, source: Path
    ) -> None:
        waveform = json.loads(await media.measure_peaks(source))
        per_s = waveform["sample_rate"] / waveform["samples_per_pixel"]
        data = waveform["data"]
        assert (waveform["version"], waveform["bits"], waveform["channels"]) == (2, 8, 1)
        assert per_s == 10
        assert len(data) == 2 * waveform["length"] > 0
        assert all(
            -128 <= low <= high <= 127 for low, high in zip(data[::2], data[1::2], strict=True)
        )
        assert max(data) > 0 > min(data)
        assert _names(source.parent) == {"source"}

    @pytest.mark.parametrize("data", [b"", b"#EXTM3U\n", None], ids=["empty", "text", "missing"])
    async def test_peaks_of_nothing_fail(
        self, data: bytes | None, media: MediaTool, target: Path
    ) -> None:
        if data is not None:
            _write(target, data)
        with pytest.raises(MediaToolFailed):
            await media.measure_peaks(target)

    async def test_two_of_a_kind_work_side_by_side_in_one_folder(
        self, media: MediaTool, source: Path, target: Path
    ) -> None:
        other = target.with_name("other")
        first, second = await asyncio.gather(
            media.finalise(source, target), media.finalise(source, other)
        )
        assert first == second
        assert _read(target) == _read(other)


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
