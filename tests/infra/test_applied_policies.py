"""What the program declared, applied to moto with IAM enforced: the handler's role does its work
and nothing else.
"""  # noqa: D205

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from audio_stream.adapters.blob import s3_client
from audio_stream.adapters.blob.s3 import S3BlobStore
from audio_stream.adapters.blob.s3_client import S3Options
from audio_stream.adapters.blob.s3_content import PART_BYTES
from fakes.memory_events import MemoryEvents
from fakes.moto_server import moto_server

pytest.importorskip("pulumi_aws", reason="the group infra is not installed")

from infra.declared import declared

SAMPLE = Path(__file__).parents[1] / "samples" / "chromium-100ms.webm"
REGION = "eu-west-1"
BUCKET = "dev-audio-stream-blob-storage"
FILES = "audio-stream-files"
OWNER = {"aws_access_key_id": "owner", "aws_secret_access_key": "owner"}
NO_AUTH_FOR_EVER = 10**9


class Cloud:
    """The declared bucket, role and policies in moto, and who one is there."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.iam = self.client("iam", OWNER)
        self.s3 = self.client("s3", OWNER)

    def client(self, service: str, credentials: dict[str, str]) -> Any:  # noqa: ANN401 - boto3
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, **credentials)

    def enforce(self, after_requests: int) -> None:
        address = f"{self.url}/moto-api/reset-auth"
        requests.post(address, data=str(after_requests), timeout=10).raise_for_status()

    def apply(self) -> None:
        stack = declared()
        self.s3.create_bucket(
            Bucket=stack.inputs("tracks")["bucket"],
            CreateBucketConfiguration={"LocationConstraint": REGION},
        )
        self.s3.create_bucket(
            Bucket="another-bucket", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        self.iam.create_role(
            RoleName="converter",
            AssumeRolePolicyDocument=stack.inputs("convert-to-mp3-role")["assumeRolePolicy"],
        )
        self.iam.put_role_policy(
            RoleName="converter",
            PolicyName="allowed",
            PolicyDocument=stack.inputs("convert-to-mp3-allowed")["policy"],
        )
        self.iam.create_user(UserName="web-app")
        self.iam.put_user_policy(
            UserName="web-app",
            PolicyName="allowed",
            PolicyDocument=stack.inputs("web-app")["policy"],
        )
        self._notify(stack.inputs("convert-to-mp3-notification")["lambdaFunctions"])

    def role_credentials(self) -> dict[str, str]:
        assumed = self.client("sts", OWNER).assume_role(
            RoleArn="arn:aws:iam::123456789012:role/converter", RoleSessionName="test"
        )["Credentials"]
        return {
            "aws_access_key_id": assumed["AccessKeyId"],
            "aws_secret_access_key": assumed["SecretAccessKey"],
            "aws_session_token": assumed["SessionToken"],
        }

    def web_app_credentials(self) -> dict[str, str]:
        key = self.iam.create_access_key(UserName="web-app")["AccessKey"]
        return {
            "aws_access_key_id": key["AccessKeyId"],
            "aws_secret_access_key": key["SecretAccessKey"],
        }

    def _notify(self, rules: list[dict[str, Any]]) -> None:
        self.s3.put_bucket_notification_configuration(
            Bucket=BUCKET,
            SkipDestinationValidation=True,
            NotificationConfiguration={
                "LambdaFunctionConfigurations": [
                    {
                        "Id": rule["id"],
                        "LambdaFunctionArn": (
                            f"arn:aws:lambda:{REGION}:123456789012:function:convertToMp3"
                        ),
                        "Events": rule["events"],
                        "Filter": {
                            "Key": {
                                "FilterRules": [
                                    {"Name": "prefix", "Value": rule["filterPrefix"]},
                                    {"Name": "suffix", "Value": rule["filterSuffix"]},
                                ]
                            }
                        },
                    }
                    for rule in rules
                ]
            },
        )


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with moto_server() as url:
        cloud = Cloud(url)
        cloud.apply()
        yield cloud


@pytest.fixture
def enforced(cloud: Cloud) -> Iterator[Cloud]:
    yield cloud
    cloud.enforce(NO_AUTH_FOR_EVER)


def denied(call: Callable[..., Any], **arguments: Any) -> bool:  # noqa: ANN401 - boto3
    try:
        call(**arguments)
    except ClientError as error:
        status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return status == 403
    return False


def test_the_notification_is_one_that_s3_takes(cloud: Cloud) -> None:
    applied = cloud.s3.get_bucket_notification_configuration(Bucket=BUCKET)
    assert len(applied["LambdaFunctionConfigurations"]) == 5


def test_the_real_handler_does_its_work_with_the_role(
    enforced: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # it sweeps its /tmp
    key = f"{FILES}/originals/0a1b/77aa.webm"
    enforced.s3.put_object(Bucket=BUCKET, Key=key, Body=SAMPLE.read_bytes())
    credentials = enforced.role_credentials()
    monkeypatch.setenv("AWS_ENDPOINT_URL", enforced.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    for name, value in credentials.items():
        monkeypatch.setenv(name.upper(), value)
    sys.modules.pop("handler", None)
    import handler

    enforced.enforce(0)
    record = {
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": BUCKET}, "object": {"key": key}},
    }
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)
    answer = handler.handler({"Records": [record]}, context)
    assert answer["made"] == [f"{FILES}/mp3/0a1b/77aa.mp3"]


def test_the_role_can_do_nothing_else(enforced: Cloud) -> None:
    for key in (f"{FILES}/mp3/0a1b/1.mp3", f"{FILES}/originals/0a1b/1.webm", "elsewhere.ogg"):
        enforced.s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    enforced.s3.put_object(Bucket="another-bucket", Key=f"{FILES}/x.ogg", Body=b"x")
    s3 = enforced.client("s3", enforced.role_credentials())
    enforced.enforce(0)
    assert s3.get_object(Bucket=BUCKET, Key=f"{FILES}/originals/0a1b/1.webm")
    s3.put_object(Bucket=BUCKET, Key=f"{FILES}/plain.mp3", Body=b"x")
    assert denied(s3.get_object, Bucket=BUCKET, Key=f"{FILES}/mp3/0a1b/1.mp3")
    assert denied(s3.get_object, Bucket=BUCKET, Key="elsewhere.ogg")
    assert denied(s3.get_object, Bucket="another-bucket", Key=f"{FILES}/x.ogg")
    for key in ("originals/0a1b/2.webm", "originals/0a1b/2.mp3", "tracks/0a1b.json", "x.ogg"):
        assert denied(s3.put_object, Bucket=BUCKET, Key=f"{FILES}/{key}", Body=b"x"), key
    assert denied(s3.put_object, Bucket="another-bucket", Key=f"{FILES}/x.mp3", Body=b"x")
    assert denied(s3.delete_object, Bucket=BUCKET, Key=f"{FILES}/originals/0a1b/1.webm")
    assert denied(s3.list_objects_v2, Bucket=BUCKET)


def test_the_web_app_can_do_what_it_does_and_nothing_else(enforced: Cloud) -> None:
    s3 = enforced.client("s3", enforced.web_app_credentials())
    enforced.enforce(0)
    key = f"{FILES}/tracks/0a1b.json"
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}")
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"{}"
    s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{FILES}/tracks/")
    s3.delete_object(Bucket=BUCKET, Key=key)
    assert denied(s3.put_object, Bucket=BUCKET, Key="elsewhere", Body=b"x")
    assert denied(s3.put_object, Bucket="another-bucket", Key=key, Body=b"x")
    assert denied(s3.delete_bucket, Bucket=BUCKET)


async def test_the_apps_own_blob_store_needs_no_more_than_that(
    enforced: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, secret in enforced.web_app_credentials().items():
        monkeypatch.setenv(name.upper(), secret)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    s3_client._session.cache_clear()  # it knows other tests' credentials
    large = tmp_path / "large"
    large.write_bytes(bytes(PART_BYTES + 1))
    key = "originals/0a1b/large.webm"
    abandoned = {"Bucket": BUCKET, "Key": f"{FILES}/{key}"}
    enforced.s3.create_multipart_upload(**abandoned)
    enforced.enforce(0)
    options = S3Options(bucket=BUCKET, endpoint_url=enforced.url)
    async with S3BlobStore(options, events=MemoryEvents()) as store:
        await store.put("tracks/0a1b.json", b"{}", mime_type="application/json")
        await store.put(key, large, mime_type="audio/webm")
        await store.announce(key)
        blob = await store.open(key)
        pieces = [piece async for piece in blob.read(0, blob.size_bytes)]
        assert sum(map(len, pieces)) == PART_BYTES + 1
        assert key in [found async for found in store.list("originals/")]
        for stored in (key, "tracks/0a1b.json"):
            await store.delete(stored)
    s3_client._session.cache_clear()
    enforced.enforce(NO_AUTH_FOR_EVER)
    assert "Uploads" not in enforced.s3.list_multipart_uploads(Bucket=BUCKET)


def test_the_policies_are_documents_that_iam_reads() -> None:
    for name in ("convert-to-mp3-allowed", "web-app"):
        assert json.loads(declared().inputs(name)["policy"])["Version"] == "2012-10-17"
