"""What keeps the program from starting is one sentence that names it and the remedy."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from audio_stream.infrastructure.commands import USAGE_ERROR, run_command
from audio_stream.infrastructure.data_lock import data_lock

ENDS_WITHIN_S = 60


def complaint(folder: Path, *flags: str, **variables: str) -> str:
    """Start the product, which must refuse; return its sentence."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PORT")}
    done = subprocess.run(
        [sys.executable, "-m", "audio_stream", *flags],
        cwd=folder,
        env=kept | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=ENDS_WITHIN_S,
    )
    assert done.returncode in (1, 2), "it did not start, and says so to whoever started it"
    assert done.stdout == ""
    assert done.stderr.startswith("audio-stream: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = complaint(tmp_path, "--host", "127.0.0.1", PORT=port)
    assert f"Port {port} is taken" in said
    assert "set PORT" in said


def test_a_taken_data_folder(tmp_path: Path) -> None:
    with data_lock(tmp_path / "data"):
        said = complaint(tmp_path)
    assert "Another audio-stream is running" in said
    assert "set AUDIO_STREAM_DATA_DIR" in said


def test_a_file_where_the_data_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    for data_dir in ("data", "data/below"):
        said = complaint(tmp_path, "--data-dir", data_dir)
        assert f"The data folder {data_dir} cannot be written to" in said
        assert "set AUDIO_STREAM_DATA_DIR" in said


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("PORT", "http", "integer"),
        ("AUDIO_STREAM_STATION", "Bad One", "lower-case letters, digits and dashes"),
        ("AUDIO_STREAM_COVER", "none.png", "no file none.png"),
        ("AUDIO_STREAM_MP3_BITRATE", "loud", "128k, 160k"),
        ("AUDIO_STREAM_LIVE_MP3_BITRATE", "100k", "96k, 112k"),
        ("AUDIO_STREAM_FSYNC", "never", "'always', 'interval' or 'off'"),
        ("AUDIO_STREAM_TRUSTED_PROXIES", "10.0.0.1, proxy", "proxy is no address"),
        ("ADMIN_USERNAME", "anna", "ADMIN_PASSWORD go together"),
    ],
)
def test_a_wrong_setting(tmp_path: Path, variable: str, value: str, remedy: str) -> None:
    said = complaint(tmp_path, **{variable: value})
    assert variable in said
    assert remedy in said


@pytest.mark.parametrize(
    ("flags", "what", "remedy"),
    [
        ("--prot 99", "no --prot", "mean --port?"),
        ("--quite-another=1", "no --quite-another.", "--help"),
        ("--port", "--port: expected one argument", "--help"),
        ("serve", "'serve'", "rebuild-catalog"),
    ],
)
def test_a_wrong_flag(
    capsys: pytest.CaptureFixture[str], flags: str, what: str, remedy: str
) -> None:
    assert run_command(flags.split()) == USAGE_ERROR
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert what in said
    assert remedy in said
