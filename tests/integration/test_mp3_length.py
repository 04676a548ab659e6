"""MP3s measured frame by frame."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from audio_stream.adapters.media.locate import locate_ffmpeg
from audio_stream.adapters.media.mp3_length import mp3_seconds
from audio_stream.domain.errors import MediaToolFailed


def mp3(folder: Path, *options: str, seconds: float = 3.21) -> Path:
    path = folder / "tone.mp3"
    command = [str(locate_ffmpeg()), "-v", "error", "-f", "lavfi"]
    command += ["-i", f"sine=d={seconds}:r=48000", *options, str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.mark.parametrize(
    "options",
    [
        ("-b:a", "320k"),
        ("-b:a", "64k", "-ar", "22050"),
        ("-b:a", "128k", "-ac", "2", "-ar", "44100"),
        ("-metadata", "title=" + "Ü" * 150),
    ],
    ids=["320k", "MPEG-2", "44.1 kHz stereo", "long tag"],
)
def test_its_length_is_the_sound_s_to_the_millisecond(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    assert mp3_seconds(mp3(tmp_path, *options)) == pytest.approx(3.21, abs=0.001)


def test_without_a_tag_it_is_the_frames_length(tmp_path: Path) -> None:
    path = mp3(tmp_path, "-write_xing", "0", "-id3v2_version", "0")
    assert mp3_seconds(path) == pytest.approx(3.21, abs=0.06)


def test_one_that_is_cut_off_is_none(tmp_path: Path) -> None:
    path = mp3(tmp_path)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(MediaToolFailed, match="in the middle of a frame"):
        mp3_seconds(path)


@pytest.mark.parametrize("data", [b"", b"RIFF" * 100, b"ID3\3\0\0\0\0\0\0"])
def test_what_is_no_mp3_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "none.mp3"
    path.write_bytes(data)
    with pytest.raises(MediaToolFailed):
        mp3_seconds(path)


def test_noise_between_frames_is_noticed(tmp_path: Path) -> None:
    path = mp3(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2] = b"noise"
    path.write_bytes(data)
    with pytest.raises(MediaToolFailed):
        mp3_seconds(path)
