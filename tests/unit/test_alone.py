"""What cannot start says why in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_stream.domain.errors import MediaToolFailed
from audio_stream.infrastructure import alone
from audio_stream.infrastructure.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_missing_ffmpeg(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alone, "configure_logs", lambda _: None)  # the process's other tests log

    async def work(_: Settings) -> int:
        raise MediaToolFailed("There is no ffmpeg: install it.")

    assert alone.run_alone(Settings(data_dir=tmp_path), work) == 1
    assert capsys.readouterr().err == "audio-stream: There is no ffmpeg: install it.\n"
