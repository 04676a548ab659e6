"""Live sound to MP3 by a real ffmpeg, from every container that goes on air."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.media.live_mp3 import FfmpegLiveTranscoder
from audio_stream.domain.containers.mp3 import Mp3Splitter
from audio_stream.domain.containers.sniffing import new_splitter, sniff
from audio_stream.domain.errors import MediaToolFailed
from ffmpeg_probe import FFMPEGS, RECORDINGS, WHEEL, decoded_s, script

if TYPE_CHECKING:
    from audio_stream.domain.containers.segments import MediaSegment
    from audio_stream.usecases.ports import Transcoding

WEBM = "audio/webm;codecs=opus"


def _split(path: Path) -> tuple[str, bytes, list[MediaSegment]]:
    """Return what the live feed would send of a recording."""
    data = path.read_bytes()
    container = sniff(data)
    assert container is not None
    splitter = new_splitter(container)
    segments = splitter.feed(0, data)
    assert splitter.media_type is not None
    assert splitter.initialization is not None
    return splitter.media_type, splitter.initialization, segments


async def test_without_a_descriptor_left_there_is_no_converter_and_a_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(socket, "socketpair", refuse)
    with pytest.raises(MediaToolFailed, match="could not be started: Too many open files"):
        async with FfmpegLiveTranscoder(FFMPEGS[0], bitrate="128k").start(WEBM):
            pass


async def _converted(converter: Transcoding, sound: bytes) -> bytes:
    """Return the MP3 of all of `sound`."""
    converter.source.write(sound)
    converter.source.close()
    async with asyncio.timeout(30):
        return await converter.mp3.read()


@pytest.mark.parametrize("ffmpeg", FFMPEGS, ids=lambda path: path.name)
@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.name)
async def test_what_one_joins_late_is_heard_to_its_end(
    path: Path, ffmpeg: Path, tmp_path: Path
) -> None:
    media_type, initialization, segments = _split(path)
    late = segments[len(segments) // 3 :]
    transcoder = FfmpegLiveTranscoder(ffmpeg, bitrate="128k")
    async with transcoder.start(media_type) as converter:
        mp3 = await _converted(converter, initialization + b"".join(s.data for s in late))
    splitter = Mp3Splitter()
    frames = splitter.feed(0, mp3)
    assert b"".join(frame.data for frame in frames) == mp3, "there is more than frames"
    (tmp_path / "heard.mp3").write_bytes(mp3)
    # Not of `path` itself: ffmpeg misreads what WebKit writes.
    whole = tmp_path / "whole"
    whole.write_bytes(initialization + b"".join(s.data for s in segments))
    expected_s = decoded_s(whole) - (late[0].time_s - segments[0].time_s)
    assert decoded_s(tmp_path / "heard.mp3") == pytest.approx(expected_s, abs=0.2)


async def test_no_frame_leans_on_the_one_before() -> None:
    media_type, initialization, segments = _split(RECORDINGS[0])
    transcoder = FfmpegLiveTranscoder(WHEEL, bitrate="64k")
    async with transcoder.start(media_type) as converter:
        sound = initialization + b"".join(s.data for s in segments)
        frames = Mp3Splitter().feed(0, await _converted(converter, sound))
    # Where the main data begins: the first nine bits after the header (ISO/IEC 11172-3 §2.4.1.7).
    assert {frame.data[4] << 1 | frame.data[5] >> 7 for frame in frames} == {0}


async def test_sound_comes_out_while_it_goes_in() -> None:
    media_type, initialization, segments = _split(RECORDINGS[0])
    transcoder = FfmpegLiveTranscoder(WHEEL, bitrate="128k")
    async with transcoder.start(media_type) as converter, asyncio.timeout(30):
        converter.source.write(initialization)
        heard = Mp3Splitter()
        frames = 0
        for segment in segments[:20]:
            converter.source.write(segment.data)
        # 1.2 s of sound; what the encoder and the splitter keep back is a tenth of a second.
        while frames < 40:
            frames += len(heard.feed(heard.offset, await converter.mp3.read(1 << 16)))


async def test_what_is_not_of_its_type_fails_in_words() -> None:
    transcoder = FfmpegLiveTranscoder(WHEEL, bitrate="128k")
    with pytest.raises(MediaToolFailed, match="converter of live sound failed"):
        async with transcoder.start(WEBM) as converter:
            assert await _converted(converter, b"#EXTM3U\nfile:///etc/passwd\n" * 100) == b""


async def test_one_that_is_killed_fails(tmp_path: Path) -> None:
    endless = script(tmp_path, "echo $$; exec sleep 600")
    with pytest.raises(MediaToolFailed):  # noqa: PT012 - it fails on leaving
        async with FfmpegLiveTranscoder(endless, bitrate="128k").start(WEBM) as converter:
            os.kill(int(await converter.mp3.readline()), signal.SIGKILL)
            assert await converter.mp3.read() == b""


async def test_nothing_of_it_is_left_when_it_is_left(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    hanging = script(tmp_path, f"exec 3>'{alive}'; echo; sleep 600 & sleep 600")
    gone = asyncio.create_task(asyncio.to_thread(alive.read_bytes))
    async with FfmpegLiveTranscoder(hanging, bitrate="128k").start(WEBM) as converter:
        assert await converter.mp3.readline()
        assert not gone.done()
    assert await gone == b""


async def test_one_that_reads_its_last_bytes_late_is_left_in_peace(tmp_path: Path) -> None:
    late = script(tmp_path, "cat >/dev/null; echo")
    async with FfmpegLiveTranscoder(late, bitrate="128k").start(WEBM) as converter:
        converter.source.write(bytes(2_000_000))
        converter.source.close()  # with bytes still waiting
        assert converter.source.get_write_buffer_size()
        assert await converter.mp3.readline()


async def test_one_that_cannot_be_started_fails_in_words(tmp_path: Path) -> None:
    transcoder = FfmpegLiveTranscoder(tmp_path / "none", bitrate="128k")
    with pytest.raises(MediaToolFailed, match="No such file"):
        async with transcoder.start(WEBM) as converter:
            assert await converter.mp3.read() == b""


async def test_it_has_its_limits_and_the_usual_priority(tmp_path: Path) -> None:
    shown = script(tmp_path, "ulimit -f; ulimit -c; nice")
    async with FfmpegLiveTranscoder(shown, bitrate="128k").start(WEBM) as converter:
        written, core, niceness = (await converter.mp3.read()).split()
    assert (written, core) == (b"0", b"0")
    assert int(niceness) == os.nice(0)
