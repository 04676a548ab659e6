"""The bucket: private, encrypted, and free of uploads that nobody finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
from layout import PREFIX

if TYPE_CHECKING:
    from layout import InfrastructureSettings

_ABANDONED_AFTER_DAYS = 2


class Storage(pulumi.ComponentResource):
    """The bucket that tracks rest in, made or adopted."""

    def __init__(self, name: str, settings: InfrastructureSettings) -> None:
        super().__init__("audio-stream:infrastructure:Storage", name)
        self.is_adopted = settings.existing_bucket is not None
        """An adopted bucket keeps its owner's settings and notifications."""
        if settings.existing_bucket is not None:
            self.bucket_name: pulumi.Output[str] = pulumi.Output.from_input(
                settings.existing_bucket
            )
            self.bucket_arn: pulumi.Output[str] = pulumi.Output.concat(
                "arn:aws:s3:::", settings.existing_bucket
            )
        else:
            bucket = self._bucket(settings.bucket_name)
            self.bucket_name, self.bucket_arn = bucket.bucket, bucket.arn
        self.register_outputs({"bucket": self.bucket_name})

    def _bucket(self, name: str) -> aws.s3.Bucket:
        # Protected: `pulumi destroy` must not take everybody's recordings along by the way.
        bucket = aws.s3.Bucket("tracks", bucket=name, opts=self._child(protect=True))
        aws.s3.BucketPublicAccessBlock(
            "tracks-private",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child(),
        )
        aws.s3.BucketOwnershipControls(
            "tracks-ownership",
            bucket=bucket.id,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._child(),
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            "tracks-encrypted",
            bucket=bucket.id,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=self._child(),
        )
        aws.s3.BucketLifecycleConfiguration(
            "tracks-lifecycle",
            bucket=bucket.id,
            rules=[
                {
                    "id": "abort-abandoned-uploads",
                    "status": "Enabled",
                    "filter": {"prefix": PREFIX},
                    "abort_incomplete_multipart_upload": {
                        "days_after_initiation": _ABANDONED_AFTER_DAYS
                    },
                }
            ],
            opts=self._child(),
        )
        return bucket

    def _child(self, *, protect: bool = False) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, protect=protect)
