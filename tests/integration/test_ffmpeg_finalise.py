"""Finalising: every recorder's file becomes a seekable one with every packet and the right time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.media.ffmpeg import FfmpegMedia
from audio_stream.domain.errors import MediaToolFailed, NoAudio
from ffmpeg_probe import (
    FFMPEGS,
    RECORDINGS,
    SAMPLES,
    WHEEL,
    Packet,
    complaints,
    decoded_s,
    packets,
    payloads,
    run,
    told,
    told_duration_s,
)

if TYPE_CHECKING:
    from pathlib import Path

    from audio_stream.usecases.ports import Finalised

TYPES = {
    "chromium-100ms.webm": "audio/webm;codecs=opus",
    "chromium-1000ms.webm": "audio/webm;codecs=opus",
    "chromium-20ms.webm": "audio/webm;codecs=opus",
    "chromium-opus-mp4.mp4": "audio/mp4;codecs=opus",
    "firefox-1000ms.ogg": "audio/ogg;codecs=opus",
    "firefox-100ms.webm": "audio/webm;codecs=opus",
    "safari-like.mp4": "audio/mp4;codecs=mp4a.40.2",
    "source-cbr.mp3": "audio/mpeg",
    "source-flac.ogg": "audio/ogg;codecs=flac",
    "source-opus.ogg": "audio/ogg;codecs=opus",
    "source-vorbis.ogg": "audio/ogg;codecs=vorbis",
    "webkit-aac.mp4": "audio/mp4;codecs=mp4a.40.2",
    "webkit-opus.mp4": "audio/mp4;codecs=opus",
}

SINE = ("-f", "lavfi", "-i", "sine=440:duration=5")


@dataclass
class Bench:
    """An ffmpeg, and a folder to work in."""

    ffmpeg: Path
    folder: Path

    @property
    def target(self) -> Path:
        return self.folder / "target"

    async def finalise(self, source: Path) -> Finalised:
        return await FfmpegMedia(self.ffmpeg).finalise(source, self.target)

    async def finalise_bytes(self, data: bytes) -> Finalised:
        source = self.folder / "source"
        source.write_bytes(data)
        return await self.finalise(source)

    def make(self, name: str, *arguments: str | Path) -> Path:
        path = self.folder / name
        run(*arguments, path)
        return path


@pytest.fixture(params=FFMPEGS, ids=lambda path: path.name)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    return Bench(request.param, tmp_path)


@pytest.fixture
def one_bench(tmp_path: Path) -> Bench:
    """For what does not depend on ffmpeg's version."""
    return Bench(WHEEL, tmp_path)


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.name)
async def test_every_recorders_file_keeps_all_packets_tells_its_time_and_can_be_sought(
    recording: Path, bench: Bench
) -> None:
    finalised = await bench.finalise(recording)
    assert finalised.mime_type == TYPES[recording.name]
    assert finalised.kept_raw_because is None
    if not recording.name.startswith("webkit-"):  # which ffmpeg misreads, see below
        assert _contents(packets(bench.target)) == _contents(_packets_of_sample(recording))
    assert _is_indexed_ahead(bench.target.read_bytes(), finalised.mime_type)
    duration_s = finalised.duration_s
    assert told_duration_s(bench.target) == pytest.approx(duration_s, abs=0.07)
    assert decoded_s(bench.target, from_s=duration_s / 2) == pytest.approx(duration_s / 2, abs=0.1)


def _is_indexed_ahead(data: bytes, mime_type: str) -> bool:
    """Tell whether what a player needs for seeking comes before the audio; Ogg has no index."""
    if mime_type.startswith("audio/webm"):
        return 0 < data.index(b"\x1c\x53\xbb\x6b") < data.index(b"\x1f\x43\xb6\x75")
    if mime_type.startswith("audio/mp4"):
        return 0 < data.index(b"moov") < data.index(b"mdat")
    return mime_type.startswith("audio/ogg") or data.find(b"Info", 0, 500) > 0


def _contents(of: list[Packet]) -> list[tuple[int, str]]:
    return [(packet.size_bytes, packet.content) for packet in of]


_packets_of_sample = cache(packets)
_payloads_of_sample = cache(payloads)


@pytest.mark.parametrize(
    ("name", "count", "packet_s"),
    [("webkit-aac.mp4", 9 * 43 + 39, 1024 / 44_100), ("webkit-opus.mp4", 8 * 50 + 10, 0.02)],
)
async def test_what_webkit_writes_twice_is_read_once_and_rightly(
    name: str, count: int, packet_s: float, bench: Bench
) -> None:
    finalised = await bench.finalise(SAMPLES / name)
    assert len(packets(bench.target)) == count
    assert finalised.duration_s == pytest.approx(count * packet_s, abs=0.01)
    assert not complaints(bench.target)


async def test_ten_minutes_find_room_for_their_whole_index(bench: Bench) -> None:
    loop = ("-stream_loop", "49", "-i", SAMPLES / "chromium-100ms.webm", "-c", "copy")
    finalised = await bench.finalise(bench.make("long.webm", *loop))
    assert finalised.duration_s == pytest.approx(600, abs=0.1)
    webm = bench.target.read_bytes()
    cluster = webm.index(b"\x1f\x43\xb6\x75")
    cues = webm.index(b"\x1c\x53\xbb\x6b")
    assert cues < cluster
    assert webm.count(b"\xbb", cues, cluster) >= 119
    assert decoded_s(bench.target, from_s=597) == pytest.approx(3, abs=0.15)


@pytest.mark.parametrize("part", [0.3, 1.0])
@pytest.mark.parametrize(
    "name",
    [
        "chromium-100ms.webm",
        "chromium-opus-mp4.mp4",
        "firefox-1000ms.ogg",
        "firefox-100ms.webm",
        "safari-like.mp4",
        "source-cbr.mp3",
        "source-flac.ogg",
        "source-vorbis.ogg",
    ],
)
async def test_what_was_cut_short_keeps_every_whole_packet(
    name: str, part: float, one_bench: Bench
) -> None:
    data = (SAMPLES / name).read_bytes()
    whole = _payloads_of_sample(SAMPLES / name)
    cut = data[: int(part * len(data)) - 1]
    finalised = await one_bench.finalise_bytes(cut)
    assert finalised.kept_raw_because is None
    kept = payloads(one_bench.target)
    if name.endswith(".mp3"):
        assert whole[len(kept) - 1].startswith(kept.pop())  # a last frame may lack its end
    assert kept == whole[: len(kept)]
    assert kept == whole or whole[len(kept)] not in cut
    assert finalised.duration_s == pytest.approx(decoded_s(one_bench.target), abs=0.1)


async def test_a_source_that_begins_late_makes_a_track_that_begins_at_zero(bench: Bench) -> None:
    late = ("-c", "copy", "-output_ts_offset", "500")
    fragmented = ("-movflags", "+frag_keyframe+empty_moov")
    webm = bench.make("late.webm", "-i", SAMPLES / "chromium-100ms.webm", *late)
    mp4 = bench.make("late.mp4", "-i", SAMPLES / "safari-like.mp4", *late, *fragmented)
    for source in (webm, mp4):
        finalised = await bench.finalise(source)
        assert finalised.duration_s == pytest.approx(12, abs=0.05)
        assert told_duration_s(bench.target) == pytest.approx(12, abs=0.05)
        assert packets(bench.target)[0].time == 0


async def test_a_pause_in_the_source_stays_in_the_track(bench: Bench) -> None:
    later = r"setts=ts=TS+if(gt(N\,100)\,30/TB\,0)"
    paused = ("-i", SAMPLES / "chromium-100ms.webm", "-c", "copy", "-bsf:a", later)
    finalised = await bench.finalise(bench.make("paused.webm", *paused))
    assert finalised.kept_raw_because is None
    assert finalised.duration_s == pytest.approx(42, abs=0.05)
    assert told_duration_s(bench.target) == pytest.approx(42, abs=0.05)


async def test_a_clock_that_leapt_by_days_is_set_right(bench: Bench) -> None:
    later = r"setts=ts=TS+if(gt(N\,100)\,1000000/TB\,0)"
    leapt = ("-i", SAMPLES / "chromium-100ms.webm", "-c", "copy", "-bsf:a", later)
    finalised = await bench.finalise(bench.make("leapt.webm", *leapt))
    assert finalised.kept_raw_because is None
    assert finalised.duration_s == pytest.approx(12, abs=0.05)
    assert len(packets(bench.target)) == 200


async def test_bare_aac_becomes_mp4_with_an_index(bench: Bench) -> None:
    finalised = await bench.finalise(bench.make("a.aac", *SINE))
    assert finalised.mime_type == "audio/mp4;codecs=mp4a.40.2"
    assert finalised.kept_raw_because is None
    assert told_duration_s(bench.target) == pytest.approx(5.04, abs=0.05)


@pytest.mark.parametrize(
    ("name", "codec", "mime_type"),
    [
        ("a.wav", "pcm_s16le", "audio/wav"),
        ("a.wav", "pcm_f32le", "audio/wav"),
        ("a.flac", "flac", "audio/flac"),
        ("a.m4a", "alac", "audio/mp4;codecs=alac"),
        ("a.mkv", "aac", "audio/mp4;codecs=mp4a.40.2"),
        ("a.mkv", "flac", "audio/flac"),
        ("a.mkv", "vorbis", "audio/webm;codecs=vorbis"),
    ],
)
async def test_uploads_of_other_kinds_are_copied(
    name: str, codec: str, mime_type: str, one_bench: Bench
) -> None:
    encoder = {"vorbis": "libvorbis"}.get(codec, codec)
    finalised = await one_bench.finalise(one_bench.make(name, *SINE, "-c:a", encoder))
    assert finalised.mime_type == mime_type
    assert finalised.kept_raw_because is None
    assert finalised.duration_s == pytest.approx(5, abs=0.05)
    assert told_duration_s(one_bench.target) == pytest.approx(5, abs=0.05)


async def test_of_a_video_the_sound_is_kept(one_bench: Bench) -> None:
    picture = ("-f", "lavfi", "-i", "testsrc=duration=5:size=64x64:rate=5")
    finalised = await one_bench.finalise(one_bench.make("a.mp4", *picture, *SINE))
    assert finalised.duration_s == pytest.approx(5, abs=0.05)
    assert "Video" not in told(one_bench.target)


async def test_a_video_without_sound_is_told_of_and_not_taken_for_nothing(
    one_bench: Bench,
) -> None:
    noise = ("-f", "lavfi", "-i", "nullsrc=duration=5:size=160x120:rate=5,noise=alls=99")
    with pytest.raises(MediaToolFailed, match="no streams"):
        await one_bench.finalise(one_bench.make("a.mp4", *noise))


async def test_a_flac_cut_short_no_longer_claims_its_old_length(one_bench: Bench) -> None:
    data = one_bench.make("a.flac", *SINE).read_bytes()
    finalised = await one_bench.finalise_bytes(data[: len(data) // 2])
    assert 2 < finalised.duration_s < 3
    assert told_duration_s(one_bench.target) == pytest.approx(finalised.duration_s, abs=0.02)


async def test_a_wav_of_unknown_length_gets_its_true_one(one_bench: Bench) -> None:
    wav = one_bench.make("a.wav", *SINE).read_bytes()
    at = wav.index(b"data") + 4
    endless = wav[:4] + b"\xff" * 4 + wav[8:at] + b"\xff" * 4 + wav[at + 4 : len(wav) // 2]
    finalised = await one_bench.finalise_bytes(endless)
    assert finalised.duration_s == pytest.approx(2.5, abs=0.02)
    assert told_duration_s(one_bench.target) == pytest.approx(2.5, abs=0.02)


async def test_what_no_form_can_hold_stays_raw_with_the_reason(bench: Bench) -> None:
    source = bench.make("a.mkv", *SINE, "-c:a", "pcm_s16le")
    finalised = await bench.finalise(source)
    assert finalised.kept_raw_because
    assert finalised.mime_type == "audio/webm"
    assert finalised.duration_s == pytest.approx(5, abs=0.05)
    assert bench.target.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("name", ["chromium-100ms.webm", "safari-like.mp4", "source-vorbis.ogg"])
async def test_a_header_alone_is_no_audio(name: str, bench: Bench) -> None:
    with pytest.raises(NoAudio):
        await bench.finalise_bytes((SAMPLES / name).read_bytes()[:170])
    assert not bench.target.exists()


async def test_audio_that_cannot_be_read_is_not_taken_for_none(one_bench: Bench) -> None:
    m4a = one_bench.make("a.m4a", *SINE).read_bytes()
    with pytest.raises(MediaToolFailed, match="No audio could be read"):
        await one_bench.finalise_bytes(m4a[: m4a.index(b"moov")])
