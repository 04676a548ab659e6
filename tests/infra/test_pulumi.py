"""Every property of the infrastructure that a reviewer would look for."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("pulumi_aws", reason="the group infra is not installed")

from merged_notification import merge

from infra.declared import declared

ADOPTING = json.dumps({"existingBucket": "mine", "reservedConcurrency": "3", "mp3Bitrate": "192k"})
BUCKET = "arn:aws:s3:::dev-audio-stream-blob-storage"


def test_the_bucket_has_the_default_name() -> None:
    assert declared().inputs("tracks")["bucket"] == "dev-audio-stream-blob-storage"


def test_the_app_s_variable_names_the_bucket() -> None:
    assert declared(bucket_variable="my-radio").inputs("tracks")["bucket"] == "my-radio"


def test_configuration_goes_before_the_variable() -> None:
    stack = declared(json.dumps({"bucketName": "configured"}), bucket_variable="my-radio")
    assert stack.outputs["bucket"] == "configured"


def test_the_bucket_is_private() -> None:
    blocked = dict(declared().inputs("tracks-private"))
    blocked.pop("bucket")
    assert blocked == {
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    ownership = declared().inputs("tracks-ownership")["rule"]
    assert ownership == {"objectOwnership": "BucketOwnerEnforced"}


def test_the_bucket_is_encrypted() -> None:
    (rule,) = declared().inputs("tracks-encrypted")["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}


def test_abandoned_uploads_are_aborted() -> None:
    (rule,) = declared().inputs("tracks-lifecycle")["rules"]
    assert rule["status"] == "Enabled"
    assert rule["filter"] == {"prefix": "audio-stream-files/"}
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 2}
    assert "expiration" not in rule


def test_the_function_is_what_was_asked_for() -> None:
    function = declared().inputs("convert-to-mp3")
    assert function["name"] == "convertToMp3"
    assert function["packageType"] == "Image"
    assert function["memorySize"] == 1769
    assert function["timeout"] == 300
    assert function["ephemeralStorage"] == {"size": 2048}
    assert "reservedConcurrentExecutions" not in function
    assert function["environment"] == {"variables": {"AUDIO_STREAM_MP3_BITRATE": "320k"}}


def test_concurrency_and_bitrate_can_be_set() -> None:
    function = declared(ADOPTING).inputs("convert-to-mp3")
    assert function["reservedConcurrentExecutions"] == 3
    assert function["environment"] == {"variables": {"AUDIO_STREAM_MP3_BITRATE": "192k"}}


def test_the_image_is_one_that_lambda_takes() -> None:
    image = declared().inputs("convert-to-mp3-image")
    assert image["platforms"] == ["linux/amd64"]
    assert image["exports"] == [{"registry": {"ociMediaTypes": False}}]
    assert declared().inputs("convert-to-mp3-images")["imageScanningConfiguration"] == {
        "scanOnPush": True
    }


def test_the_log_is_kept_for_a_month() -> None:
    log = declared().inputs("convert-to-mp3-log")
    assert log == {"name": "/aws/lambda/convertToMp3", "retentionInDays": 30}


def test_failures_are_tried_again_and_then_queued() -> None:
    invoke = declared().inputs("convert-to-mp3-failed")
    assert invoke["maximumRetryAttempts"] == 2
    destination = invoke["destinationConfig"]["onFailure"]["destination"]
    assert destination.endswith(":convert-to-mp3-failures")
    queue = declared().inputs("convert-to-mp3-failures")
    assert queue["messageRetentionSeconds"] == 14 * 24 * 3600
    assert queue["sqsManagedSseEnabled"] is True


def test_only_lambda_may_take_the_role() -> None:
    trusted = json.loads(declared().inputs("convert-to-mp3-role")["assumeRolePolicy"])
    (statement,) = trusted["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"


def test_the_role_may_do_its_work_and_nothing_else() -> None:
    allowed = declared().policy("convert-to-mp3-allowed")
    granted = {
        sid: (statement["Action"], statement["Resource"])
        for sid, statement in allowed.items()
        if statement["Effect"] == "Allow"
    }
    files = f"{BUCKET}/audio-stream-files"
    log = "arn:aws:cloudwatch:eu-west-1:123456789012:/aws/lambda/convertToMp3"
    assert granted == {
        "ReadOriginals": ("s3:GetObject", [f"{files}/originals/*", f"{files}/*.ogg"]),
        "WriteMp3s": ("s3:PutObject", [f"{files}/mp3/*", f"{files}/*.mp3"]),
        "WriteItsLog": (["logs:CreateLogStream", "logs:PutLogEvents"], f"{log}:*"),
        "TellOfFailures": (
            "sqs:SendMessage",
            "arn:aws:sqs:eu-west-1:123456789012:convert-to-mp3-failures",
        ),
    }
    assert allowed["NeverReadWhatIsWritten"]["Resource"] == f"{files}/mp3/*"


def test_the_bucket_calls_the_function_for_originals_and_never_for_mp3s() -> None:
    rules = declared().inputs("convert-to-mp3-notification")["lambdaFunctions"]
    assert {rule["filterPrefix"] for rule in rules} == {"audio-stream-files/"}
    suffixes = [rule["filterSuffix"] for rule in rules]
    assert ".mp3" not in suffixes
    assert len(set(suffixes)) == len(suffixes), "S3 refuses rules that overlap"
    # Every original that needs an MP3; MP3 originals are their own.
    assert {".webm", ".ogg", ".m4a", ".wav", ".flac"} == set(suffixes)
    assert all(rule["events"] == ["s3:ObjectCreated:*"] for rule in rules)


def test_only_the_bucket_may_call_the_function() -> None:
    permission = declared().inputs("convert-to-mp3-called-by-bucket")
    assert permission["principal"] == "s3.amazonaws.com"
    assert permission["sourceArn"] == BUCKET
    assert permission["sourceAccount"] == "123456789012"


def test_the_web_app_may_do_what_it_does() -> None:
    allowed = declared().policy("web-app")
    assert set(allowed) == {"KeepTracks", "FindTracks", "FindAbandonedUploads"}
    assert allowed["KeepTracks"]["Resource"] == f"{BUCKET}/audio-stream-files/*"
    assert "s3:*" not in allowed["KeepTracks"]["Action"]
    assert allowed["FindTracks"]["Condition"] == {
        "StringLike": {"s3:prefix": ["audio-stream-files/*"]}
    }
    assert allowed["FindAbandonedUploads"]["Action"] == "s3:ListBucketMultipartUploads"
    assert allowed["FindAbandonedUploads"]["Resource"] == BUCKET


def test_an_adopted_bucket_keeps_its_settings_and_notifications() -> None:
    stack = declared(ADOPTING)
    assert not [name for name in stack.resources if name.startswith("tracks")]
    notification = stack.resources["convert-to-mp3-notification"]
    assert notification["type"] == "pulumi-python:dynamic:Resource"
    assert notification["inputs"]["bucket"] == "mine"
    assert stack.outputs["bucket"] == "mine"


def test_merging_keeps_everybody_else_s_rules() -> None:
    theirs = {"Id": "theirs", "LambdaFunctionArn": "arn:theirs"}
    queue = {"Id": "queue", "QueueArn": "arn:queue"}
    old = {"Id": "audio-stream-ogg", "LambdaFunctionArn": "arn:old"}
    new = {"Id": "audio-stream-webm", "LambdaFunctionArn": "arn:new"}
    current = {
        "ResponseMetadata": {},
        "QueueConfigurations": [queue],
        "LambdaFunctionConfigurations": [theirs, old],
    }
    merged = merge(current, [new])
    assert merged == {
        "QueueConfigurations": [queue],
        "LambdaFunctionConfigurations": [theirs, new],
    }
    assert merge(merged, [])["LambdaFunctionConfigurations"] == [theirs]


def test_the_outputs_are_what_the_docs_name() -> None:
    assert set(declared().outputs) == {"bucket", "function", "failureQueue", "webAppPolicyArn"}
