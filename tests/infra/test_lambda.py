"""`convertToMp3` under AWS's own runtime client, with moto as S3, on real recordings."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from audio_stream.adapters.media.locate import locate_ffmpeg
from fakes.lambda_runtime import LambdaRuntime, running_function
from fakes.moto_server import Bucket

SAMPLES = Path(__file__).parents[1] / "samples"
ORIGINALS = "audio-stream-files/originals"
# What each decodes to, in seconds, as ffprobe measures the sum of its packets.
RECORDINGS = {
    "chromium-100ms.webm": 12.0,
    "firefox-1000ms.ogg": 12.0,
    "safari-like.mp4": 12.0,
}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lambda-tmp")


@pytest.fixture(scope="module")
def function(moto_url: str, scratch: Path) -> Iterator[LambdaRuntime]:
    environment = {
        "AWS_ENDPOINT_URL": moto_url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AUDIO_STREAM_MP3_BITRATE": "128k",
    }
    with running_function(environment, scratch) as runtime:
        yield runtime


def event(bucket: Bucket, *keys: str) -> dict[str, Any]:
    return {
        "Records": [
            {
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": bucket.name}, "object": {"key": quote_plus(key, "/")}},
            }
            for key in keys
        ]
    }


def put(bucket: Bucket, key: str, data: bytes, **metadata: str) -> str:
    bucket.client.put_object(Bucket=bucket.name, Key=key, Body=data, Metadata=metadata)
    return key


def probe(data: bytes, folder: Path) -> str:
    """Return what ffmpeg says of an MP3, decoded to its end."""
    path = folder / "probed.mp3"
    path.write_bytes(data)
    command = [str(locate_ffmpeg()), "-hide_banner", "-i", str(path), "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stderr


def decoded_s(report: str) -> float:
    hours, minutes, seconds = re.findall(r"time=(\d+):(\d+):([\d.]+)", report)[-1]
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def read(bucket: Bucket, key: str) -> bytes:
    data: bytes = bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()
    return data


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_becomes_an_mp3_of_its_length(
    function: LambdaRuntime, bucket: Bucket, tmp_path: Path, scratch: Path, name: str
) -> None:
    key = put(
        bucket,
        f"{ORIGINALS}/0a1b/77aa.{name.rpartition('.')[2]}",
        (SAMPLES / name).read_bytes(),
        title=quote("Grüße aus Köln"),
        **{"created-at": "2026-11-22T12:00:00+00:00"},
    )
    answer = function.invoke(event(bucket, key))
    assert answer.body == {
        "made": ["audio-stream-files/mp3/0a1b/77aa.mp3"],
        "found": [],
        "skipped": [],
    }
    report = probe(read(bucket, "audio-stream-files/mp3/0a1b/77aa.mp3"), tmp_path)
    assert decoded_s(report) == pytest.approx(RECORDINGS[name], abs=0.05)
    assert "Grüße aus Köln" in report
    assert "2026-11-22" in report
    assert "128 kb/s" in report
    assert list(scratch.iterdir()) == []


def test_a_plain_ogg_of_the_original_app_gets_its_mp3_beside_it(
    function: LambdaRuntime, bucket: Bucket, tmp_path: Path
) -> None:
    # As there: WebM inside, whatever the name says.
    data = (SAMPLES / "chromium-1000ms.webm").read_bytes()
    key = put(bucket, "audio-stream-files/my-first show+more ü.ogg", data)
    answer = function.invoke(event(bucket, key))
    mp3 = "audio-stream-files/my-first show+more ü.mp3"
    assert answer.body["made"] == [mp3]
    assert "my first show+more ü" in probe(read(bucket, mp3), tmp_path)


def test_the_same_event_twice_leaves_one_mp3(function: LambdaRuntime, bucket: Bucket) -> None:
    key = put(bucket, f"{ORIGINALS}/0a1b/77aa.webm", (SAMPLES / "chromium-100ms.webm").read_bytes())
    function.invoke(event(bucket, key))
    before = bucket.client.head_object(Bucket=bucket.name, Key=bucket.keys()[0])["ETag"]
    answer = function.invoke(event(bucket, key))
    assert answer.body["found"] == ["audio-stream-files/mp3/0a1b/77aa.mp3"]
    assert sorted(bucket.keys()) == ["audio-stream-files/mp3/0a1b/77aa.mp3", key]
    after = bucket.client.head_object(Bucket=bucket.name, Key=bucket.keys()[0])["ETag"]
    assert before == after


def test_an_event_for_an_mp3_is_no_loop(function: LambdaRuntime, bucket: Bucket) -> None:
    key = "audio-stream-files/mp3/0a1b/77aa.mp3"
    answer = function.invoke(event(bucket, key))
    assert answer.body == {"made": [], "found": [], "skipped": [key]}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1aE\xdf\xa3",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        bytes(range(256)) * 300,
    ],
    ids=["empty", "truncated header", "playlist", "concat script", "noise"],
)
def test_what_is_no_audio_fails_and_writes_nothing(
    function: LambdaRuntime, bucket: Bucket, scratch: Path, data: bytes
) -> None:
    key = put(bucket, f"{ORIGINALS}/0a1b/77aa.webm", data)
    answer = function.invoke(event(bucket, key))
    assert answer.failed
    assert answer.body["errorType"] == "ConversionFailed"
    assert key in answer.body["errorMessage"]
    assert bucket.keys() == [key]
    assert list(scratch.iterdir()) == []


def test_one_failed_record_does_not_lose_the_others(
    function: LambdaRuntime, bucket: Bucket
) -> None:
    whole = (SAMPLES / "chromium-100ms.webm").read_bytes()
    missing = f"{ORIGINALS}/0a1b/00.webm"
    good = put(bucket, f"{ORIGINALS}/0a1b/77aa.webm", whole)
    answer = function.invoke(event(bucket, missing, good))
    assert answer.failed
    assert missing in answer.body["errorMessage"]
    assert good not in answer.body["errorMessage"]
    assert "audio-stream-files/mp3/0a1b/77aa.mp3" in bucket.keys()  # noqa: SIM118 - a method of ours


def test_out_of_time_is_a_failure_without_an_mp3(
    function: LambdaRuntime, bucket: Bucket, scratch: Path
) -> None:
    # Ten minutes of noise take longer to encode than the second that is left.
    noise = ten_minutes_of_noise(scratch.parent)
    key = put(bucket, f"{ORIGINALS}/0a1b/77aa.wav", noise)
    answer = function.invoke(event(bucket, key), time_limit_s=1.0)
    assert answer.failed
    assert "took longer" in answer.body["errorMessage"]
    assert bucket.keys() == [key]
    assert list(scratch.iterdir()) == []


def ten_minutes_of_noise(folder: Path) -> bytes:
    path = folder / "noise.wav"
    command = [str(locate_ffmpeg()), "-v", "error", "-y", "-f", "lavfi"]
    command += ["-i", "anoisesrc=d=600:r=48000:c=white", str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


def test_a_truncated_original_is_converted_as_far_as_it_goes(
    function: LambdaRuntime, bucket: Bucket, tmp_path: Path
) -> None:
    data = (SAMPLES / "chromium-100ms.webm").read_bytes()
    key = put(bucket, f"{ORIGINALS}/0a1b/77aa.webm", data[: len(data) // 2])
    answer = function.invoke(event(bucket, key))
    assert answer.body["made"] == ["audio-stream-files/mp3/0a1b/77aa.mp3"]
    report = probe(read(bucket, "audio-stream-files/mp3/0a1b/77aa.mp3"), tmp_path)
    assert 5 < decoded_s(report) < 7
