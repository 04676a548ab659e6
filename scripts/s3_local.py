"""A throw-away S3 with the Lambda behind it, to try the product with: `make s3-local`.

Everything in it is gone when it ends.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import boto3
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).parents[1]
BUCKET = "audio-stream-local"
PORT = int(os.environ.get("S3_PORT", "5555"))
LOOK_EVERY_S = 1.0
LIMIT_MS = 300_000


def main() -> None:
    """Serve until Ctrl-C, converting every original that appears."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request tells nothing
    server = ThreadedMotoServer("127.0.0.1", PORT, verbose=False)
    server.start()
    url = f"http://localhost:{PORT}"
    os.environ |= {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    sys.path[:0] = [str(ROOT / "functions" / "convert_to_mp3")]
    import handler  # noqa: PLC0415 - it reads the environment that was just set

    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    sys.stdout.write(
        f"S3 is at {url}, and makes MP3s of what is stored there. In a second terminal:\n\n"
        f"  make run AWS_ENDPOINT_URL={url} MEDIA_PERSIST_S3_BUCKET_NAME={BUCKET} "
        "AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local\n\nCtrl-C ends it.\n"
    )
    sys.stdout.flush()
    seen: set[tuple[str, str]] = set()
    try:
        with tempfile.TemporaryDirectory() as tempfile.tempdir:  # its own: the handler sweeps it
            while True:
                convert_new(s3, handler.handler, seen)
                time.sleep(LOOK_EVERY_S)
    except KeyboardInterrupt:
        server.stop()


def convert_new(s3: Any, handle: Any, seen: set[tuple[str, str]]) -> None:  # noqa: ANN401 - no types
    """Hand the function an event for each object that is new or was stored again."""
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: LIMIT_MS)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for found in page.get("Contents", ()):
            version = (found["Key"], found["LastModified"].isoformat())
            if version in seen:
                continue
            seen.add(version)
            record = {
                "eventName": "ObjectCreated:Put",
                "s3": {
                    "bucket": {"name": BUCKET},
                    "object": {"key": quote_plus(found["Key"], "/")},
                },
            }
            try:
                answer = handle({"Records": [record]}, context)
            except Exception as error:  # noqa: BLE001 - as Lambda would, it goes on
                sys.stdout.write(f"convertToMp3 failed: {error}\n")
            else:
                for key in answer["made"]:
                    sys.stdout.write(f"convertToMp3 made {key}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
