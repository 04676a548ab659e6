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
from generators.ogg import LAST, Ogg, oggs, page_of, read_pages
from generators.webm import WebM, webms

FFMPEG = shutil.which("ffmpeg") or ""
FFPROBE = shutil.which("ffprobe") or ""
SAMPLES = Path(__file__).parents[1] / "samples"
LIVE_SAMPLES = sorted(p for p in SAMPLES.iterdir() if p.suffix != ".json")

PROBE = f"{FFPROBE} -v error -select_streams a:0 -show_packets -show_streams -of json"
PROBE += " -show_data_hash crc32 -show_entries stream=codec_name,sample_rate,channels"
PROBE += ":packet=pts,duration,size,data_hash"
PROBE += ":packet_side_data=side_data_type,skip_samples,discard_padding -i -"
DECODE = f"{FFMPEG} -v error -xerror -i - -map a -f null -"

pytestmark = pytest.mark.skipif(
    not (FFMPEG and FFPROBE),
    reason="ffmpeg and ffprobe are not installed: nobody to compare with",
)

few = settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])


def endless(ogg: bytes) -> bytes:
    """Return pages none of which says it is the last: ffmpeg trims what ends there."""
    return b"".join(
        page_of(p.flags & ~LAST, p.position, (p.serial, p.number), (p.lacing, p.body))
        for p in read_pages(ogg)
    )


def mended(media: bytes, name: str) -> bytes:
    """Return the input as far as it can be compared."""
    if name == "webkit-opus.mp4":
        # The numbers in it are backwards: the samples to skip and the sample rate.
        at = media.index(b"dOps") + 6
        media = (
            media[:at] + media[at : at + 2][::-1] + media[at + 2 : at + 6][::-1] + media[at + 6 :]
        )
    if name.startswith("webkit-"):
        # The last `moof` is there twice, and ffprobe takes the second for samples of the first.
        last = media.rindex(b"moof") - 4
        return media[: last - int.from_bytes(media[last : last + 4], "big")] + media[last:]
    if name == "source-cbr.mp3":
        # The frame about the file tells of 1,105 samples to skip: nothing to one who joins later.
        return media[66 + 384 :]
    return endless(media) if name.endswith(".ogg") else media


def packets(media: bytes) -> list[dict[str, str]]:
    """Return what ffprobe says of each packet of the first audio stream, and of the stream."""
    done = subprocess.run(PROBE.split(), input=media, capture_output=True, check=True)
    found = json.loads(done.stdout)
    assert found["packets"]
    return [*found["packets"], *found["streams"]]


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
    media = mended(path.read_bytes(), path.name)
    initialization, segments = split(media)
    assert packets(initialization + b"".join(segments)) == packets(media)


@pytest.mark.parametrize("path", LIVE_SAMPLES, ids=lambda path: path.name)
def test_a_recording_decodes_from_any_segment_on(path: Path) -> None:
    initialization, segments = split(path.read_bytes())
    places = [0, 1, Random(7).randrange(len(segments)), len(segments) - 3]
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


@few
@given(oggs(codecs=("opus",)))
def test_ffprobe_finds_every_packet_of_any_ogg_in_its_segments(ogg: Ogg) -> None:
    media = endless(Ogg(ogg.links[:1]).encode())
    initialization, segments = split(media)
    assert packets(initialization + b"".join(segments)) == packets(media)


@pytest.mark.parametrize("name", ["source-opus.ogg", "source-vorbis.ogg", "source-flac.ogg"])
def test_chained_streams_decode_as_one(name: str) -> None:
    song = (SAMPLES / name).read_bytes()
    again = b"".join(
        page_of(p.flags, p.position, (p.serial ^ 1, p.number), (p.lacing, p.body))
        for p in read_pages(song)
    )
    initialization, segments = split(song + again)
    media = initialization + b"".join(segments)
    assert complaints(media) == ""
    once, twice = packets(endless(song)), packets(media)
    assert [p.get("data_hash") for p in twice[:-1]] == 2 * [p.get("data_hash") for p in once[:-1]]
    times = [int(p["pts"]) for p in twice[:-1]]
    assert times == sorted(set(times))
