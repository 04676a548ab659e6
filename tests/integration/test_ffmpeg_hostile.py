"""Files that are not what they seem, and runs that would not end: no file, no network, no harm."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import CalledProcessError
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.media import limited as limited_program
from audio_stream.adapters.media.arguments import decode_pcm
from audio_stream.adapters.media.ffmpeg import FfmpegMedia
from audio_stream.adapters.media.run import LimitedFfmpeg, Limits
from audio_stream.domain.containers.container import Container
from audio_stream.domain.errors import (
    AudioStreamError,
    MediaToolFailed,
    NoAudio,
    StorageFull,
    UnsupportedMedia,
)
from contracts.media_tool_contract import AT, TITLE
from ffmpeg_probe import FFMPEGS, SAMPLES, WHEEL, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WEBM_HEADER = (SAMPLES / "chromium-100ms.webm").read_bytes()[:160]
EMPTY_ID3 = b"ID3\x03\0\0\0\0\0\0"
MP3_FRAME = (SAMPLES / "source-cbr.mp3").read_bytes()[-384:]

each_ffmpeg = pytest.mark.parametrize("ffmpeg", FFMPEGS, ids=lambda path: path.name)


class Secret:
    """A sound that nobody may hear, a server that nobody may ask, and scripts that name both."""

    def __init__(self, folder: Path, port: int, asked: list[asyncio.StreamWriter]) -> None:
        self.folder = folder
        self.sound = folder / "secret.mp3"
        self.sound.write_bytes((SAMPLES / "source-cbr.mp3").read_bytes())
        self.url = f"http://127.0.0.1:{port}/secret.mp3"
        self.asked = asked

    def scripts(self) -> dict[str, bytes]:
        concat = f"ffconcat version 1.0\nfile '{self.sound}'\nfile '{self.url}'\n".encode()
        playlist = (
            "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n"
            f"#EXTINF:10,\n{self.url}\n#EXTINF:10,\n{self.sound}\n#EXT-X-ENDLIST\n"
        ).encode()
        return {
            "concat": concat,
            "playlist": playlist,
            "concat in WebM": WEBM_HEADER + concat,
            "playlist in WebM": WEBM_HEADER + playlist,
            "playlist after ID3": EMPTY_ID3 + playlist,
            "playlist after an MP3 frame": MP3_FRAME + playlist,
            "concat in Ogg": b"OggS\0\x02" + concat,
            "concat in MP4": b"\0\0\0\x10ftypisom\0\0\0\0" + concat,
            "playlist in WAV": b"RIFF\xff\xff\xff\xffWAVE" + playlist,
            "concat in FLAC": b"fLaC" + concat,
            "concat: as text": f"concat:{self.sound}|{self.url}\n".encode(),
            "SDP": f"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\na={self.url}\n".encode(),
        }


@pytest.fixture
async def secret(tmp_path: Path) -> AsyncIterator[Secret]:
    asked = []

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(writer)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield Secret(tmp_path, server.sockets[0].getsockname()[1], asked)


async def test_an_ffmpeg_that_may_would_obey_them(secret: Secret) -> None:
    """Without this the next test could not fail."""
    source = secret.folder / "source"
    source.write_bytes(secret.scripts()["playlist"])
    may = ("-protocol_whitelist", "file,http,tcp", "-f", "hls", "-i", source, "-f", "null", "-")
    with suppress(CalledProcessError):
        await asyncio.to_thread(run, *may)
    assert secret.asked


@each_ffmpeg
async def test_no_script_in_any_disguise_opens_a_file_or_a_connection(
    ffmpeg: Path, secret: Secret
) -> None:
    media = FfmpegMedia(ffmpeg)
    for name, script in secret.scripts().items():
        source, target = secret.folder / "source", secret.folder / "target"
        source.write_bytes(script)
        with pytest.raises((NoAudio, UnsupportedMedia, MediaToolFailed)):
            pytest.fail(f"{name}: {await media.finalise(source, target)}")
        with pytest.raises(MediaToolFailed):
            await media.encode_mp3(source, target, title=TITLE, created_at=AT)
        assert not target.exists(), name
    assert not secret.asked


@each_ffmpeg
async def test_a_playlist_before_real_frames_adds_nothing_to_them(
    ffmpeg: Path, secret: Secret
) -> None:
    source, target = secret.folder / "source", secret.folder / "target"
    source.write_bytes(EMPTY_ID3 + secret.scripts()["playlist"] + MP3_FRAME * 40)
    finalised = await FfmpegMedia(ffmpeg).finalise(source, target)
    assert finalised.duration_s < 1.1
    assert not secret.asked


@each_ffmpeg
async def test_an_mp4_that_points_to_another_file_does_not_get_it(
    ffmpeg: Path, tmp_path: Path
) -> None:
    wav = tmp_path / "plain.mov"
    tone = ("-f", "lavfi", "-i", "sine=440:duration=1:sample_rate=8000", "-c:a", "pcm_s16le")
    run(*tone, "-movflags", "+faststart", wav)
    hidden = tmp_path / "hidden.bin"
    whole = wav.read_bytes()
    hidden.write_bytes(whole)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(_pointing_to(hidden, whole))

    # Told to follow, ffmpeg does: the file is what it should be.
    follow = ("-enable_drefs", "1", "-f", "mov", "-i", source, "-f", "s16le", "-")
    assert len(run(*follow)) == 16_000

    media = FfmpegMedia(ffmpeg)
    with pytest.raises(AudioStreamError):
        pytest.fail(str(await media.finalise(source, target)))
    with pytest.raises(MediaToolFailed):
        await media.measure_peaks(source)


def _pointing_to(path: Path, mov: bytes) -> bytes:
    """Return the QuickTime file without audio of its own, its data reference an alias of `path`."""
    inner = f"/{path.name}".encode()
    alias = (
        bytes(10)
        + bytes(28)  # the volume's name
        + bytes(12)
        + bytes([len(path.name)])
        + path.name.encode().ljust(63, b"\0")
        + bytes(16)
        + struct.pack(">HH", 1, 1)  # in the same folder
        + bytes(16)
        + struct.pack(">HH", 2, len(inner))
        + inner
        + bytes(len(inner) % 2)
        + struct.pack(">HH", 0xFFFF, 0)
    )
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    at = mov.index(b"dref") + 12
    old = int.from_bytes(mov[at : at + 4], "big")
    data = bytearray(mov[: mov.index(b"mdat") - 4])
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        start = _box_around(data, kind, at)
        size = int.from_bytes(data[start : start + 4], "big") + len(entry) - old
        data[start : start + 4] = size.to_bytes(4, "big")
    data[at : at + old] = entry
    return bytes(data)


def _box_around(data: bytearray, kind: bytes, at: int) -> int:
    return data.rindex(kind, 0, at) - 4


@each_ffmpeg
async def test_declared_sizes_allocate_nothing(ffmpeg: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    media = FfmpegMedia(ffmpeg, memory_limit_bytes=512 << 20)
    codec_private = WEBM_HEADER.index(b"\x63\xa2")
    huge = b"\x01" + b"\xff" * 7
    for data in (
        WEBM_HEADER[: codec_private + 2] + huge + bytes(100_000),
        WEBM_HEADER + b"\xec" + huge + bytes(100_000),
        b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x01moov" + b"\x7f" + b"\xff" * 7 + bytes(100_000),
        b"\0\0\0\x10ftypisom\0\0\0\0\xff\xff\xff\xffmoov\xff\xff\xff\xf0stsz" + bytes(100_000),
    ):
        source.write_bytes(data)
        with pytest.raises((NoAudio, MediaToolFailed)):
            await media.finalise(source, target)


def _script(folder: Path, text: str) -> Path:
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def _limited(ffmpeg: Path, **changes: float) -> LimitedFfmpeg:
    limits = {"time_s": 60, "memory_bytes": 1 << 30, "file_bytes": 1 << 30, **changes}
    return LimitedFfmpeg(
        ffmpeg, Limits(limits["time_s"], int(limits["memory_bytes"]), int(limits["file_bytes"]))
    )


@pytest.fixture
def alive(tmp_path: Path) -> Path:
    """Return a pipe that is open as long as any process of a run lives."""
    path = tmp_path / "alive"
    os.mkfifo(path)
    return path


def _hanging(folder: Path, alive: Path) -> Path:
    """Return an ffmpeg with a child, neither of which would ever end."""
    return _script(folder, f"exec 3>'{alive}'; echo started >&3; sleep 600 & sleep 600")


async def test_a_run_that_takes_too_long_is_killed_with_all_its_children(
    tmp_path: Path, alive: Path
) -> None:
    hanging = _limited(_hanging(tmp_path, alive), time_s=0.5)
    running = asyncio.create_task(hanging.run([]))
    said = await asyncio.to_thread(alive.read_text)  # returns when the last of them is gone
    assert said == "started\n"
    with pytest.raises(MediaToolFailed, match=r"longer than the 0\.5 s"):
        await running


async def test_a_cancelled_run_is_killed_with_all_its_children(tmp_path: Path, alive: Path) -> None:
    running = asyncio.create_task(_limited(_hanging(tmp_path, alive)).run([]))
    with await asyncio.to_thread(alive.open) as reading:
        assert await asyncio.to_thread(reading.readline) == "started\n"
        running.cancel()
        assert await asyncio.to_thread(reading.read) == ""
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_run_has_its_limits_and_a_low_priority(tmp_path: Path) -> None:
    said = bytearray()
    shown = _script(tmp_path, "ulimit -t; ulimit -c; nice; ulimit -v")
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
    await _limited(_script(tmp_path, "env")).run([], said.extend)
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
    spinning = _script(tmp_path, "while :; do :; done")
    limited = [sys.executable, "-I", "-S", limited_program.__file__, "1", str(1 << 30), "0"]
    done = subprocess.run([*limited, spinning], check=False)
    assert done.returncode in (-signal.SIGXCPU, -signal.SIGKILL)


@pytest.mark.parametrize("words", ["No space left on device", "Disk quota exceeded"])
async def test_a_full_disk_is_told_as_such_whatever_the_exit_status(
    words: str, tmp_path: Path
) -> None:
    full = _script(tmp_path, f"echo 'Error writing trailer: {words}' >&2")
    with pytest.raises(StorageFull):
        await _limited(full).run([])


async def test_an_ffmpeg_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(MediaToolFailed, match="could not be started: No such file"):
        await _limited(tmp_path / "none").run([])


async def test_of_endless_complaints_the_first_and_the_last_are_kept(tmp_path: Path) -> None:
    noisy = _script(
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


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
