"""Files that are not what they seem open no other file and no connection."""

from __future__ import annotations

import asyncio
import struct
from contextlib import suppress
from pathlib import Path
from subprocess import CalledProcessError
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.media.ffmpeg import FfmpegMedia
from audio_stream.domain.errors import (
    AudioStreamError,
    MediaToolFailed,
    NoAudio,
    UnsupportedMedia,
)
from ffmpeg_probe import FFMPEGS, SAMPLES, run

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
            await media.measure_peaks(source)
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
