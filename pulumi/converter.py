"""The Lambda `convertToMp3`: its image, what it may do, what calls it, and where failures go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
import pulumi_docker_build as docker_build
from layout import (
    MP3S,
    NOT_WRITTEN,
    ORIGINAL_SUFFIXES,
    ORIGINALS,
    PLAIN_MP3S,
    PLAIN_ORIGINALS,
    PREFIX,
)
from merged_notification import MergedNotification

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layout import InfrastructureSettings
    from storage import Storage

FUNCTION_NAME = "convertToMp3"
MEMORY_MB = 1769
"""One whole processor; LAME uses one."""
TIMEOUT_S = 300
SCRATCH_MB = 2048
_QUEUE_RETENTION_S = 14 * 24 * 3600
_IMAGES_KEPT = 5
_ROOT = Path(__file__).parent.parent


class Converter(pulumi.ComponentResource):
    """Everything between an original in the bucket and its MP3."""

    def __init__(self, name: str, settings: InfrastructureSettings, storage: Storage) -> None:
        super().__init__("audio-stream:infrastructure:Converter", name)
        self._settings = settings
        self._storage = storage
        self._queue = aws.sqs.Queue(
            "convert-to-mp3-failures",
            message_retention_seconds=_QUEUE_RETENTION_S,
            sqs_managed_sse_enabled=True,
            opts=self._child(),
        )
        self._log = aws.cloudwatch.LogGroup(
            "convert-to-mp3-log",
            name=f"/aws/lambda/{FUNCTION_NAME}",
            retention_in_days=settings.log_retention_days,
            opts=self._child(),
        )
        function = self._function(self._image(), self._role())
        self._invoke_on_failure(function)
        self._notify(function)
        self.function_name = function.name
        self.queue_url = self._queue.url
        self.register_outputs({"function": self.function_name, "queue": self.queue_url})

    def _image(self) -> docker_build.Image:
        repository = aws.ecr.Repository(
            "convert-to-mp3-images",
            name="convert-to-mp3",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "AES256"}],
            force_delete=True,
            opts=self._child(),
        )
        newest = {
            "rulePriority": 1,
            "description": f"Keep the {_IMAGES_KEPT} newest images",
            "selection": {
                "tagStatus": "any",
                "countType": "imageCountMoreThan",
                "countNumber": _IMAGES_KEPT,
            },
            "action": {"type": "expire"},
        }
        aws.ecr.LifecyclePolicy(
            "convert-to-mp3-images-kept",
            repository=repository.name,
            policy=json.dumps({"rules": [newest]}),
            opts=self._child(),
        )
        token = aws.ecr.get_authorization_token_output(
            registry_id=repository.registry_id, opts=pulumi.InvokeOutputOptions(parent=self)
        )
        return docker_build.Image(
            "convert-to-mp3-image",
            context={"location": str(_ROOT)},
            dockerfile={"location": str(_ROOT / "functions" / "convert_to_mp3" / "Dockerfile")},
            platforms=[docker_build.Platform.LINUX_AMD64],
            # Lambda takes no image index, which attestations would make of it; they cannot be
            # attached to an image in Docker's own media types.
            exports=[{"registry": {"oci_media_types": False}}],
            push=False,  # the export above is the push
            tags=[pulumi.Output.concat(repository.repository_url, ":latest")],
            registries=[
                {
                    "address": repository.repository_url,
                    "username": token.user_name,
                    "password": pulumi.Output.secret(token.password),
                }
            ],
            opts=self._child(),
        )

    def _role(self) -> aws.iam.Role:
        trusted = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
        role = aws.iam.Role(
            "convert-to-mp3-role", assume_role_policy=_policy(trusted), opts=self._child()
        )
        allowed = pulumi.Output.all(
            bucket=self._storage.bucket_arn, log=self._log.arn, queue=self._queue.arn
        ).apply(lambda arns: converter_policy(arns["bucket"], arns["log"], arns["queue"]))
        aws.iam.RolePolicy(
            "convert-to-mp3-allowed", role=role.id, policy=allowed, opts=self._child()
        )
        return role

    def _function(self, image: docker_build.Image, role: aws.iam.Role) -> aws.lambda_.Function:
        return aws.lambda_.Function(
            "convert-to-mp3",
            name=FUNCTION_NAME,
            description="Makes the MP3 of each original that audio-stream stores.",
            package_type="Image",
            image_uri=image.ref,
            architectures=["x86_64"],
            role=role.arn,
            memory_size=MEMORY_MB,
            timeout=TIMEOUT_S,
            ephemeral_storage={"size": SCRATCH_MB},
            reserved_concurrent_executions=self._settings.reserved_concurrency,
            environment={"variables": {"AUDIO_STREAM_MP3_BITRATE": self._settings.mp3_bitrate}},
            opts=self._child(depends_on=[self._log]),
        )

    def _invoke_on_failure(self, function: aws.lambda_.Function) -> None:
        aws.lambda_.FunctionEventInvokeConfig(
            "convert-to-mp3-failed",
            function_name=function.name,
            maximum_retry_attempts=2,
            destination_config={"on_failure": {"destination": self._queue.arn}},
            opts=self._child(),
        )

    def _notify(self, function: aws.lambda_.Function) -> None:
        allowed = aws.lambda_.Permission(
            "convert-to-mp3-called-by-bucket",
            action="lambda:InvokeFunction",
            function=function.name,
            principal="s3.amazonaws.com",
            source_arn=self._storage.bucket_arn,
            source_account=aws.get_caller_identity_output(
                opts=pulumi.InvokeOutputOptions(parent=self)
            ).account_id,
            opts=self._child(),
        )
        if self._storage.is_adopted:
            MergedNotification(
                "convert-to-mp3-notification",
                bucket=self._storage.bucket_name,
                function_arn=function.arn,
                prefix=PREFIX,
                suffixes=list(ORIGINAL_SUFFIXES),
                opts=self._child(depends_on=[allowed]),
            )
            return
        aws.s3.BucketNotification(
            "convert-to-mp3-notification",
            bucket=self._storage.bucket_name,
            lambda_functions=[
                {
                    "id": f"convert-to-mp3{suffix.replace('.', '-')}",
                    "lambda_function_arn": function.arn,
                    "events": ["s3:ObjectCreated:*"],
                    "filter_prefix": PREFIX,
                    "filter_suffix": suffix,
                }
                for suffix in ORIGINAL_SUFFIXES
            ],
            opts=self._child(depends_on=[allowed]),
        )

    def _child(self, *, depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)


def converter_policy(bucket_arn: str, log_arn: str, queue_arn: str) -> str:
    """Return all that the function may do: read originals, write MP3s, log, tell of failures."""
    return _policy(
        {
            "Sid": "ReadOriginals",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": [f"{bucket_arn}/{ORIGINALS}", f"{bucket_arn}/{PLAIN_ORIGINALS}"],
        },
        {
            "Sid": "WriteMp3s",
            "Effect": "Allow",
            "Action": "s3:PutObject",
            "Resource": [f"{bucket_arn}/{MP3S}", f"{bucket_arn}/{PLAIN_MP3S}"],
        },
        {
            # The patterns above end in `*`, which takes in folders too: not these.
            "Sid": "NeverWriteWhatIsRead",
            "Effect": "Deny",
            "Action": "s3:PutObject",
            "Resource": [f"{bucket_arn}/{folder}" for folder in NOT_WRITTEN],
        },
        {
            "Sid": "NeverReadWhatIsWritten",
            "Effect": "Deny",
            "Action": "s3:GetObject",
            "Resource": f"{bucket_arn}/{MP3S}",
        },
        {
            "Sid": "WriteItsLog",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{log_arn}:*",
        },
        {
            "Sid": "TellOfFailures",
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
        },
    )


def _policy(*statements: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
