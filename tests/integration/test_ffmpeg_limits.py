"""What one run of ffmpeg may use, and that nothing of it outlives its end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from audio_stream.adapters.media import limited as limited_program
from audio_stream.adapters.media.arguments import decode_pcm
from audio_stream.adapters.media.ffmpeg import FfmpegMedia
from audio_stream.adapters.media.run import LimitedFfmpeg, Limits
from audio_stream.domain.containers.container import Container
from audio_stream.domain.errors import MediaToolFailed, StorageFull
from contracts.media_tool_contract import AT, TITLE
from ffmpeg_probe import FFMPEGS, SAMPLES, WHEEL, script

each_ffmpeg = pytest.mark.parametrize("ffmpeg", FFMPEGS, ids=lambda path: path.name)


def _limited(ffmpeg: Path, **changes: float) -> LimitedFfmpeg:
    limits = {"time_s": 60, "memory_bytes": 1 << 30, "file_bytes": 1 << 30, **changes}
    return LimitedFfmpeg(
        ffmpeg, Limits(limits["time_s"], int(limits["memory_bytes"]), int(limits["file_bytes"]))
    )


class Hanging:
    """An ffmpeg with a child, neither of which would ever end, and a pipe that both hold open."""

    def __init__(self, folder: Path) -> None:
        pipe = folder / "alive"
        os.mkfifo(pipe)
        self._reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        # Ours too, until the run is over: one that was killed before it came to open the pipe has
        # let go of it as well.
        self._ours = os.open(pipe, os.O_WRONLY)
        os.set_blocking(self._reading, True)
        self.ffmpeg = script(folder, f"exec 3>'{pipe}'; echo on >&3; sleep 600 & sleep 600")

    async def started(self) -> None:
        assert await asyncio.to_thread(os.read, self._reading, 100) == b"on\n"

    async def gone(self) -> None:
        """Return when no process of the run is left."""
        os.close(self._ours)
        while await asyncio.to_thread(os.read, self._reading, 100):
            pass
        os.close(self._reading)


async def test_a_run_that_takes_too_long_is_killed_with_all_its_children(tmp_path: Path) -> None:
    hanging = Hanging(tmp_path)
    with pytest.raises(MediaToolFailed, match=r"longer than the 0\.7 s"):
        await _limited(hanging.ffmpeg, time_s=0.7).run([])
    await hanging.gone()


async def test_a_cancelled_run_is_killed_with_all_its_children(tmp_path: Path) -> None:
    hanging = Hanging(tmp_path)
    running = asyncio.create_task(_limited(hanging.ffmpeg).run([]))
    await hanging.started()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await hanging.gone()


async def test_a_copy_that_hangs_is_tried_once_and_the_raw_bytes_are_kept(tmp_path: Path) -> None:
    source, target, tries = SAMPLES / "chromium-100ms.webm", tmp_path / "target", tmp_path / "tries"
    lists = f"case $* in *framehash*) exec '{WHEEL}' \"$@\";; esac"
    hangs = f"echo try >>'{tries}'; exec sleep 600"
    media = FfmpegMedia(script(tmp_path, f"{lists}; {hangs}"), time_limit_s=5)
    finalised = await media.finalise(source, target)
    assert finalised.kept_raw_because == "The converter took longer than the 5 s it may take."
    assert finalised.mime_type == "audio/webm;codecs=opus"
    assert finalised.duration_s == pytest.approx(12, abs=0.05)
    assert _read(target) == _read(source)
    assert _read(tries) == b"try\n"


async def test_a_copy_that_is_empty_is_not_taken_for_an_empty_recording(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    _write(source, _read(SAMPLES / "source-opus.ogg"))
    makes_nothing = (
        f"case $* in *framehash*) case $* in */source*) exec '{WHEEL}' \"$@\";; esac; exit;; esac; "
        'for last; do :; done; : >"${last#file:}"'
    )
    finalised = await FfmpegMedia(script(tmp_path, makes_nothing)).finalise(source, target)
    assert finalised.kept_raw_because
    assert finalised.duration_s == pytest.approx(12, abs=0.05)
    assert _read(target) == _read(source)


async def test_a_run_has_its_limits_and_a_low_priority(tmp_path: Path) -> None:
    said = bytearray()
    shown = script(tmp_path, "ulimit -t; ulimit -c; nice; ulimit -v")
    await _limited(shown, time_s=29, memory_bytes=1 << 28).run([], said.extend)
    cpu_s, core, niceness, memory = said.decode().split()
    assert (cpu_s, core) == ("30", "0")
    assert int(niceness) >= 10
    if sys.platform == "linux":
        assert memory == str((1 << 28) // 1024)


async def test_a_run_is_told_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", "hunter2")
    monkeypatch.setenv("AWS_PROFILE", "me")
    said = bytearray()
    await _limited(script(tmp_path, "env")).run([], said.extend)
    assert b"PATH=" in said
    assert b"hunter2" not in said
    assert b"AWS" not in said


@each_ffmpeg
async def test_a_file_over_its_limit_fails_in_words_and_leaves_nothing(
    ffmpeg: Path, tmp_path: Path
) -> None:
    source, target = SAMPLES / "source-flac.ogg", tmp_path / "target"
    media = FfmpegMedia(ffmpeg, file_limit_bytes=100_000)
    with pytest.raises(MediaToolFailed, match="larger than the 100000 bytes"):
        await media.encode_mp3(source, target, title=TITLE, created_at=AT)
    assert not _names(tmp_path)


@each_ffmpeg
async def test_too_little_memory_fails_in_words(ffmpeg: Path) -> None:
    media = FfmpegMedia(ffmpeg, memory_limit_bytes=48 << 20)
    with pytest.raises(MediaToolFailed):
        await media.measure_peaks(SAMPLES / "source-flac.ogg")


def test_processor_time_is_limited_even_when_nobody_waits_any_more(tmp_path: Path) -> None:
    spinning = script(tmp_path, "while :; do :; done")
    limited = [sys.executable, "-I", "-S", limited_program.__file__, "1", str(1 << 30), "0", "0"]
    done = subprocess.run([*limited, spinning], check=False)
    assert done.returncode in (-signal.SIGXCPU, -signal.SIGKILL)


@pytest.mark.parametrize("words", ["No space left on device", "Disk quota exceeded"])
async def test_a_full_disk_is_told_as_such_whatever_the_exit_status(
    words: str, tmp_path: Path
) -> None:
    full = script(tmp_path, f"echo 'Error writing trailer: {words}' >&2")
    with pytest.raises(StorageFull):
        await _limited(full).run([])


async def test_an_ffmpeg_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(MediaToolFailed, match="could not be started: No such file"):
        await _limited(tmp_path / "none").run([])


async def test_of_endless_complaints_the_first_and_the_last_are_kept(tmp_path: Path) -> None:
    noisy = script(
        tmp_path,
        "echo '[webm @ 0x1] file:/spool/x: First.' >&2; yes 'And another.' | head -c 900000 >&2; "
        "echo Last. >&2; exit 1",
    )
    finished = await _limited(noisy).run([])
    assert finished.status == 1
    assert len(finished.errors) < 10_000
    assert finished.reason == "the file First."
    assert finished.errors.endswith("Last.\n")


async def test_output_comes_in_small_pieces_and_whole() -> None:
    pieces: list[int] = []
    command = decode_pcm(SAMPLES / "chromium-100ms.webm", Container.WEBM)
    await _limited(WHEEL).run(command, lambda piece: pieces.append(len(piece)))
    assert max(pieces) <= 64 * 1024
    assert sum(pieces) == 12 * 8000 * 2


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
