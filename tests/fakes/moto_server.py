"""An S3 (moto) in a process of its own, started once, and a new bucket for each test."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from audio_stream.adapters.blob.s3_client import KEY_PREFIX, S3Options

if TYPE_CHECKING:
    from collections.abc import Iterator

_REGION = "eu-west-1"

# It tells the port it took when it is ready, and ends when its input does: with the tests.
_SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def moto_server() -> Iterator[str]:
    """Give the URL of a running one."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        assert process.stdin
        process.stdin.close()


@cache
def _owners_client(url: str) -> Any:  # noqa: ANN401 - boto3 ships no types
    return boto3.client(
        "s3",
        region_name=_REGION,
        endpoint_url=url,
        aws_access_key_id="owner",
        aws_secret_access_key="owner",  # noqa: S106 - moto takes any
    )


class Bucket:
    """A bucket as its owner sees it, past the program under test."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.name = name
        self.client = _owners_client(url)
        self.client.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": _REGION}
        )

    def options(self, **changes: Any) -> S3Options:  # noqa: ANN401 - whatever fields it has
        """Return how to reach it, impatiently."""
        given: dict[str, Any] = {
            "endpoint_url": self.url,
            "connect_timeout_s": 1.0,
            "read_timeout_s": 5.0,
        }
        return S3Options(bucket=self.name, region=_REGION, **(given | changes))

    def put(self, key: str, data: bytes) -> None:
        """Store an object under a whole key."""
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def head(self, key: str) -> Any:  # noqa: ANN401 - boto3 ships no types
        """Return what S3 tells of one of the blob store's keys."""
        return self.client.head_object(Bucket=self.name, Key=KEY_PREFIX + key)

    def begin_upload(self, key: str) -> None:
        """Begin an upload in parts and leave it, as a killed process does."""
        began = self.client.create_multipart_upload(Bucket=self.name, Key=KEY_PREFIX + key)
        self.client.upload_part(
            Bucket=self.name,
            Key=KEY_PREFIX + key,
            UploadId=began["UploadId"],
            PartNumber=1,
            Body=b"abandoned",
        )

    def keys(self, prefix: str = "") -> list[str]:
        """Return the first thousand keys, whole."""
        found = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])
        return [each["Key"] for each in found]

    def bytes_of(self, key: str) -> bytes:
        """Return what is stored under one of the blob store's keys."""
        answer = self.client.get_object(Bucket=self.name, Key=KEY_PREFIX + key)
        data: bytes = answer["Body"].read()
        return data

    def unfinished_uploads(self) -> list[str]:
        """Return the keys of the uploads in parts that were neither completed nor aborted."""
        found = self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", [])
        return [each["Key"] for each in found]


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Give every test the same server."""
    with moto_server() as url:
        yield url


_numbers = count()


@pytest.fixture
def bucket(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """Give a test an empty bucket and the credentials for it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return Bucket(moto_url, f"bucket-{next(_numbers)}")
