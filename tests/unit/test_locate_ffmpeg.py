"""Where ffmpeg is found, and what is said where it is not."""

from __future__ import annotations

from pathlib import Path

import imageio_ffmpeg
import pytest

from audio_stream.adapters.media.locate import locate_bundled_ffmpeg, locate_ffmpeg
from audio_stream.domain.errors import MediaToolFailed


def test_the_one_on_the_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "ffmpeg"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert locate_ffmpeg() == own


def test_without_one_it_is_the_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert locate_ffmpeg() == locate_bundled_ffmpeg()
    assert locate_ffmpeg().is_file()


def test_with_neither_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", none)
    with pytest.raises(MediaToolFailed, match="apt install ffmpeg"):
        locate_ffmpeg()
