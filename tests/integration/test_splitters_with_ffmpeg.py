"""ffmpeg, which nobody here wrote, finds the same packets in what the splitters make."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings

from audio_stream.domain.containers.sniffing import SNIFF_BYTES, Container, new_splitter, sniff
from generators.mp4 import Mp4, mp4s
from generators.webm import WebM, webms

FFMPEG = shutil.which("ffmpeg") or ""
FFPROBE = shutil.which("ffprobe") or ""
SAMPLES = Path(__file__).parents[1] / "samples"
LIVE_SAMPLES = sorted(p for p in SAMPLES.iterdir() if p.suffix in (".webm", ".mp4"))

PROBE = f"{FFPROBE} -v error -select_streams a:0 -show_packets -show_streams -of json"
PROBE += " -show_data_hash crc32 -show_entries stream=codec_name,sample_rate,channels"
PROBE += ":packet=pts,duration,size,data_hash"
PROBE += ":packet_side_data=side_data_type,skip_samples,discard_padding -i -"
DECODE = f"{FFMPEG} -v error -xerror -i - -map a -f null -"

pytestmark = pytest.mark.skipif(
    not (FFMPEG and FFPROBE),
    reason="ffmpeg and ffprobe are not installed: nobody to compare with",
)

# WebKit wrote the last `moof` twice: ffprobe takes the second for the samples of the first.
MENDED = {"webkit-aac.mp4": lambda media: media[:77_884] + media[78_436:]}

few = settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])


def packets(media: bytes) -> object:
    """Return what ffprobe says of the first audio stream and each of its packets."""
    done = subprocess.run(PROBE.split(), input=media, capture_output=True, check=True)
    found = json.loads(done.stdout)
    assert found["packets"]
    return found


def complaints(media: bytes) -> str:
    """Return what ffmpeg has against decoding all of it."""
    done = subprocess.run(DECODE.split(), input=media, capture_output=True, check=False)
    return done.stderr.decode() or f"exit code {done.returncode}" * bool(done.returncode)


def split(media: bytes) -> tuple[bytes, list[bytes]]:
    """Return the initialization segment and the media segments."""
    container = sniff(media[:SNIFF_BYTES])
    assert isinstance(container, Container)
    splitter = new_splitter(container)
    segments = [segment.data for segment in splitter.feed(0, media)]
    assert splitter.initialization is not None
    return splitter.initialization, segments


@pytest.mark.parametrize("path", LIVE_SAMPLES, ids=lambda path: path.name)
def test_ffprobe_finds_every_packet_of_a_recording_in_its_segments(path: Path) -> None:
    media = MENDED.get(path.name, bytes)(path.read_bytes())
    initialization, segments = split(media)
    assert packets(initialization + b"".join(segments)) == packets(media)


@pytest.mark.parametrize("path", LIVE_SAMPLES, ids=lambda path: path.name)
def test_a_recording_decodes_from_any_segment_on(path: Path) -> None:
    initialization, segments = split(path.read_bytes())
    places = [0, 1, len(segments) - 2, *Random(7).sample(range(len(segments)), 3)]
    for place in places:
        assert complaints(initialization + b"".join(segments[place:])) == "", place


@few
@given(mp4s())
def test_ffprobe_finds_every_packet_of_any_mp4_in_its_segments(mp4: Mp4) -> None:
    # ffmpeg 5.1 expects the samples of a run without an offset at the first run's place.
    media = replace(mp4, explicit=True).encode()
    initialization, segments = split(media)
    assert packets(initialization + b"".join(segments)) == packets(media)


@few
@given(webms().filter(lambda webm: any(cluster.blocks for cluster in webm.clusters)))
def test_ffprobe_finds_every_packet_of_any_webm_in_its_segments(webm: WebM) -> None:
    media = webm.encode()
    initialization, segments = split(media)
    assert packets(initialization + b"".join(segments)) == packets(media)
