"""A notification added to a bucket that somebody else owns.

S3 keeps one notification configuration a bucket, and AWS's own resource replaces it whole. This
one puts our rules beside those that are there, and takes only ours away again.
"""

from __future__ import annotations

from typing import Any

import pulumi  # noqa: TC002 - the SDK reads annotations when it runs
from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult

_OURS = "audio-stream-"


class _Provider(ResourceProvider):
    def create(self, props: dict[str, Any]) -> CreateResult:
        self._put(props, _rules(props))
        return CreateResult(id_=f"{props['bucket']}/audio-stream", outs=props)

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        if olds["bucket"] != news["bucket"]:
            self._put(olds, [])
        self._put(news, _rules(news))
        return UpdateResult(outs=news)

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        self._put(props, [])

    @staticmethod
    def _put(props: dict[str, Any], rules: list[dict[str, Any]]) -> None:
        import boto3  # noqa: PLC0415 - the provider runs in a process of its own

        s3 = boto3.client("s3")
        current = s3.get_bucket_notification_configuration(Bucket=props["bucket"])
        s3.put_bucket_notification_configuration(
            Bucket=props["bucket"], NotificationConfiguration=merge(current, rules)
        )


class MergedNotification(Resource):
    """Rules that call a function for objects below a prefix with certain suffixes."""

    def __init__(
        self,
        name: str,
        *,
        bucket: pulumi.Input[str],
        function_arn: pulumi.Input[str],
        prefix: str,
        suffixes: list[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        props = {
            "bucket": bucket,
            "function_arn": function_arn,
            "prefix": prefix,
            "suffixes": suffixes,
        }
        super().__init__(_Provider(), name, props, opts)


def merge(current: dict[str, Any], rules: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a notification configuration with our rules in place of our old ones."""
    merged = {key: value for key, value in current.items() if key.endswith("Configurations")}
    if "EventBridgeConfiguration" in current:
        merged["EventBridgeConfiguration"] = current["EventBridgeConfiguration"]
    theirs = [
        rule
        for rule in current.get("LambdaFunctionConfigurations", [])
        if not str(rule.get("Id", "")).startswith(_OURS)
    ]
    return merged | {"LambdaFunctionConfigurations": theirs + rules}


def _rules(props: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "Id": f"{_OURS}{suffix.removeprefix('.')}",
            "LambdaFunctionArn": props["function_arn"],
            "Events": ["s3:ObjectCreated:*"],
            "Filter": {
                "Key": {
                    "FilterRules": [
                        {"Name": "prefix", "Value": props["prefix"]},
                        {"Name": "suffix", "Value": suffix},
                    ]
                }
            },
        }
        for suffix in props["suffixes"]
    ]
