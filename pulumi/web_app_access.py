"""What the web app may do in the bucket: exactly what it does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
from layout import PREFIX

if TYPE_CHECKING:
    from storage import Storage


class WebAppAccess(pulumi.ComponentResource):
    """A policy to be attached to whatever the web app runs as."""

    def __init__(self, name: str, storage: Storage) -> None:
        super().__init__("audio-stream:infrastructure:WebAppAccess", name)
        policy = aws.iam.Policy(
            "web-app",
            description="Lets audio-stream keep its tracks in its bucket.",
            policy=storage.bucket_arn.apply(web_app_policy),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.policy_arn = policy.arn
        self.register_outputs({"policyArn": self.policy_arn})


def web_app_policy(bucket_arn: str) -> str:
    """Return all that the web app may do."""
    objects = {
        "Sid": "KeepTracks",
        "Effect": "Allow",
        "Action": [
            "s3:GetObject",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:AbortMultipartUpload",
        ],
        "Resource": f"{bucket_arn}/{PREFIX}*",
    }
    listing = {
        "Sid": "FindTracks",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": bucket_arn,
        "Condition": {"StringLike": {"s3:prefix": [f"{PREFIX}*"]}},
    }
    leftovers = {
        "Sid": "FindAbandonedUploads",  # of upload processes that were killed
        "Effect": "Allow",
        "Action": "s3:ListBucketMultipartUploads",
        "Resource": bucket_arn,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [objects, listing, leftovers]})
