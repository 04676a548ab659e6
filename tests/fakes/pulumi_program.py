"""Runs the Pulumi program without any cloud and prints what it declared, as JSON.

A process of its own: the SDK keeps its stack and its mocks in globals. Configuration comes as
JSON in the first argument.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime.stack import wait_for_rpcs

PROGRAM = Path(__file__).parents[2] / "pulumi"
ACCOUNT = "123456789012"


class CollectingMocks(Mocks):
    """Accepts every resource and keeps what it was given."""

    def __init__(self) -> None:
        self.resources: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        inputs = {k: v for k, v in args.inputs.items() if k != "__provider"}
        self.resources[args.name] = {"type": args.typ, "inputs": inputs}
        name = args.inputs.get("name") or args.inputs.get("bucket") or args.name
        made = {"arn": _arn(args.typ, name), "name": name, "url": f"https://sqs/{name}"}
        if args.typ == "aws:ecr/repository:Repository":
            made |= {"repositoryUrl": f"{ACCOUNT}.dkr.ecr/{name}", "registryId": ACCOUNT}
        if args.typ == "docker-build:index:Image":
            made["ref"] = f"{ACCOUNT}.dkr.ecr/convert-to-mp3@sha256:0"
        return f"{args.name}-id", made | args.inputs

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token == "aws:index/getCallerIdentity:getCallerIdentity":  # noqa: S105 - a call's name
            return {"accountId": ACCOUNT}, []
        if args.token == "aws:ecr/getAuthorizationToken:getAuthorizationToken":  # noqa: S105 - a call's name
            return {"userName": "AWS", "password": "secret"}, []
        raise AssertionError(f"an unexpected call: {args.token}")


def _arn(kind: str, name: str) -> str:
    if kind == "aws:s3/bucket:Bucket":
        return f"arn:aws:s3:::{name}"
    service = kind.split(":")[1].split("/", maxsplit=1)[0]
    return f"arn:aws:{service}:eu-west-1:{ACCOUNT}:{name}"


async def main(config: dict[str, str]) -> None:
    mocks = CollectingMocks()
    set_mocks(mocks, project="audio-stream", stack="test", preview=False)
    for key, value in config.items():
        pulumi.runtime.set_config(f"audio-stream:{key}", value)
    outputs: dict[str, pulumi.Output[Any]] = {}
    setattr(pulumi, "export", outputs.__setitem__)  # noqa: B010 - its signature is wider
    sys.path.insert(0, str(PROGRAM))
    code = compile((PROGRAM / "__main__.py").read_text(), "__main__.py", "exec")
    exec(code, {"__name__": "__main__"})  # noqa: S102 - it is ours, and a program
    exported = {name: await output.future() for name, output in outputs.items()}
    await wait_for_rpcs()
    json.dump({"resources": mocks.resources, "outputs": exported}, sys.stdout, default=str)


asyncio.run(main(json.loads(sys.argv[1])))
