"""MP3s and peaks by ffmpeg: the whole sound, rightly tagged, or nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest

from audio_stream.adapters.media.ffmpeg import FfmpegMedia
from audio_stream.domain.errors import MediaToolFailed
from audio_stream.domain.titles import clean_title
from ffmpeg_probe import FFMPEGS, SAMPLES, WHEEL, decode, decoded_s, run, told

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2024, 12, 31, 23, 0, tzinfo=UTC)
TITLE = clean_title("Ä “quoted” = -map x; $(rm) 🎧 عربى")

each_ffmpeg = pytest.mark.parametrize("ffmpeg", FFMPEGS, ids=lambda path: path.name)


@each_ffmpeg
@pytest.mark.parametrize("name", ["chromium-100ms.webm", "chromium-opus-mp4.mp4", "webkit-aac.mp4"])
async def test_the_mp3_is_the_sources_sound_in_its_whole_length(
    name: str, ffmpeg: Path, tmp_path: Path
) -> None:
    media, original, mp3 = FfmpegMedia(ffmpeg), tmp_path / "original", tmp_path / "mp3"
    finalised = await media.finalise(SAMPLES / name, original)
    await media.encode_mp3(original, mp3, title=TITLE, created_at=AT)
    assert decoded_s(mp3) == pytest.approx(finalised.duration_s, abs=0.06)
    before, after = (np.frombuffer(decode(path, timed=True), "<i2") for path in (original, mp3))
    length = min(len(before), len(after))
    assert np.corrcoef(before[:length], after[:length])[0, 1] > 0.98
    # Bit rate and tags.
    said = told(mp3)
    assert "320 kb/s" in said
    assert TITLE in said
    assert "2024-12-31" in said


@each_ffmpeg
async def test_a_pause_is_heard_as_silence(ffmpeg: Path, tmp_path: Path) -> None:
    later = r"setts=ts=TS+if(gt(N\,100)\,10/TB\,0)"
    source, mp3 = tmp_path / "paused.webm", tmp_path / "mp3"
    run("-i", SAMPLES / "chromium-100ms.webm", "-c", "copy", "-bsf:a", later, source)
    media = FfmpegMedia(ffmpeg, mp3_bitrate="64k")
    await media.encode_mp3(source, mp3, title=TITLE, created_at=AT)
    sound = np.abs(np.frombuffer(decode(mp3), "<i2").astype(int))
    assert len(sound) / 8000 == pytest.approx(22, abs=0.1)
    assert sound[8 * 8000 : 15 * 8000].max() < 50 < sound[:8000].max()
    peaks = json.loads(await media.measure_peaks(source))
    assert peaks["length"] == pytest.approx(220, abs=2)
    assert max(peaks["data"][160:300]) <= 1 < max(peaks["data"][:20])


@each_ffmpeg
async def test_of_a_cut_original_what_is_there_is_converted(ffmpeg: Path, tmp_path: Path) -> None:
    source, mp3 = tmp_path / "source", tmp_path / "mp3"
    data = (SAMPLES / "firefox-1000ms.ogg").read_bytes()
    source.write_bytes(data[: len(data) // 2])
    await FfmpegMedia(ffmpeg).encode_mp3(source, mp3, title=TITLE, created_at=AT)
    assert decoded_s(mp3) == pytest.approx(decoded_s(source), abs=0.5)


async def test_audio_that_no_decoder_takes_gives_no_mp3(tmp_path: Path) -> None:
    """Whole packets of noise: ffmpeg complains, and ends well with a file of nothing."""
    source, mp3 = tmp_path / "source", tmp_path / "mp3"
    data = bytearray((SAMPLES / "safari-like.mp4").read_bytes())
    at = data.index(b"mdat") + 4
    for _ in range(12):
        end = data.find(b"moof", at) - 4
        end = end if end > 0 else len(data)
        data[at:end] = b"\xa5" * (end - at)
        at = data.find(b"mdat", end) + 4
        if at < end:
            break
    source.write_bytes(data)
    with pytest.raises(MediaToolFailed):
        await FfmpegMedia(WHEEL).encode_mp3(source, mp3, title=TITLE, created_at=AT)
    assert not mp3.exists()


@each_ffmpeg
async def test_peaks_follow_the_sound(ffmpeg: Path, tmp_path: Path) -> None:
    """One second of silence, one at half scale, one at full."""
    source = tmp_path / "source.wav"
    steps = "aevalsrc='floor(t)/2*sin(880*PI*t)':d=3:s=48000"
    run("-f", "lavfi", "-i", steps, source)
    peaks = json.loads(await FfmpegMedia(ffmpeg).measure_peaks(source))
    assert peaks["length"] == 30
    lows, highs = peaks["data"][::2], peaks["data"][1::2]
    assert set(lows[1:9] + highs[1:9]) <= {-1, 0}
    assert all(60 <= high <= 66 for high in highs[11:19])
    assert all(-66 <= low <= -60 for low in lows[11:19])
    assert all(high >= 120 for high in highs[21:29])


def test_a_bit_rate_that_mp3_does_not_have_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="bit rate"):
        FfmpegMedia(WHEEL, mp3_bitrate="lots")
