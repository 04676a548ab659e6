"""Runs the Lambda's handler on a file, with a throw-away S3: `make lambda-local FILE=…`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, quote_plus

import boto3
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).parents[1]
BUCKET = "local"
USAGE = "usage: make lambda-local FILE=recording.webm"


def main(arguments: list[str]) -> int:
    """Put the file where an original lies, hand the handler its event, fetch the MP3."""
    source = Path(arguments[0]) if arguments and arguments[0] else None
    if source is None or not source.is_file():
        sys.stderr.write(f"{USAGE}\n" if source is None else f"There is no file {source}.\n")
        return 2
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    try:
        with tempfile.TemporaryDirectory() as tempfile.tempdir:  # its own: the handler sweeps it
            return convert(source)
    finally:
        server.stop()


def convert(source: Path) -> int:
    """Return 0 once the MP3 lies beside the source."""
    sys.path[:0] = [str(ROOT / "functions" / "convert_to_mp3")]
    import handler  # noqa: PLC0415 - it reads the environment that was just set

    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    key = f"audio-stream-files/originals/local/1{source.suffix or '.bin'}"
    s3.upload_file(str(source), BUCKET, key, ExtraArgs={"Metadata": {"title": quote(source.stem)}})
    event = {
        "Records": [
            {
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": BUCKET}, "object": {"key": quote_plus(key, "/")}},
            }
        ]
    }
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 300_000)
    try:
        answer = handler.handler(event, context)
    except handler.ConversionFailed as error:
        sys.stderr.write(f"The function failed: {error}\n")
        return 1
    target = source.with_suffix(".mp3")
    if target == source:
        target = source.with_suffix(".converted.mp3")
    (made,) = s3.list_objects_v2(Bucket=BUCKET, Prefix="audio-stream-files/mp3/")["Contents"]
    s3.download_file(BUCKET, made["Key"], str(target))
    sys.stdout.write(f"{answer}\n{target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
