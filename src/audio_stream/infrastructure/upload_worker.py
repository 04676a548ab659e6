"""The process that upload workers are forked from, and what each of them does.

Run by `fork_server.py`. It loads once what every worker needs, so that a worker takes
milliseconds to start and shares most of its memory with the others.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from audio_stream.adapters.blob.s3_client import S3Options, open_client
from audio_stream.adapters.blob.s3_errors import s3_errors
from audio_stream.adapters.blob.s3_target import Target
from audio_stream.adapters.blob.s3_upload import S3Upload
from audio_stream.domain.errors import StorageAway, StorageFailed
from audio_stream.infrastructure.upload_job import (
    Failed,
    Job,
    Message,
    Sent,
    Stored,
    read_message,
    write_message,
)

_LOW_PRIORITY = 10
"""The listeners' loop comes first."""

_SECONDS_TO_LEAVE = 4
"""How long a worker may take to abort what it began, once nobody waits for it."""


def main() -> None:
    """Fork a worker for each descriptor that comes through standard input, until it ends."""
    # When to stop is the program's to say: it gets the same signals, and closes our input.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets ended workers by itself
    os.nice(_LOW_PRIORITY)
    options = S3Options(**json.loads(sys.argv[1]))
    asyncio.run(_warm_up(options))
    gc.collect()
    gc.freeze()  # a collection would touch, and so copy, what the workers share
    with socket.socket(fileno=sys.stdin.fileno()) as program:
        while (received := socket.recv_fds(program, 1, 1))[0]:
            for descriptor in received[1]:
                if os.fork() == 0:
                    program.close()
                    _work(options, descriptor)
                os.close(descriptor)
    with suppress(ChildProcessError):
        while True:
            os.wait()


async def _warm_up(options: S3Options) -> None:
    """Have a client's definitions loaded before the first fork."""
    with suppress(StorageFailed), s3_errors():
        async with open_client(options):
            pass


def _work(options: S3Options, descriptor: int) -> None:
    """Be a worker, and never return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    status = 1
    try:
        asyncio.run(_serve(options, socket.socket(fileno=descriptor)))
        status = 0
    finally:
        os._exit(status)  # what lies further up the stack is the parent's


async def _serve(options: S3Options, program: socket.socket) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=program)
    async with open_client(options) as client:
        upload = S3Upload(client, options)
        asking = asyncio.create_task(reader.readline())
        while line := await asking:
            job = asyncio.create_task(_do(upload, line, writer))
            # Only its end comes before the answer: the program is gone or wants no answer.
            asking = asyncio.create_task(reader.readline())
            await asyncio.wait((job, asking), return_when=asyncio.FIRST_COMPLETED)
            if not job.done():
                signal.alarm(_SECONDS_TO_LEAVE)
                job.cancel()
            with suppress(asyncio.CancelledError):
                writer.write(write_message(await job))


async def _do(upload: S3Upload, line: bytes, writer: asyncio.StreamWriter) -> Message:
    job = read_message(line)
    if not isinstance(job, Job):
        raise TypeError(f"not a job: {job}")

    size_bytes = 0

    def report(sent_bytes: int, of_bytes: int) -> None:
        nonlocal size_bytes
        size_bytes = of_bytes
        writer.write(write_message(Sent(sent_bytes, of_bytes)))

    try:
        target = Target(key=job.key, mime_type=job.mime_type, labels=job.labels)
        await upload.upload(Path(job.path), target, report)
    except StorageFailed as error:
        return Failed(isinstance(error, StorageAway), error.detail)
    return Stored(size_bytes)


if __name__ == "__main__":
    main()
