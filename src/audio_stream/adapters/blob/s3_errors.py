"""What S3's errors mean here."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from aiohttp import ClientError as ConnectionTrouble
from botocore.exceptions import BotoCoreError, ClientError

from audio_stream.domain.errors import BlobNotFound, StorageAway, StorageFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

BROKEN_STREAM = (BotoCoreError, ConnectionTrouble, ConnectionError, TimeoutError)
"""What ends an answer in its middle."""

NOT_FOUND = ("404", "NoSuchKey")
_REPLACED = ("412", "PreconditionFailed")


def code_of(error: ClientError) -> str:
    """Return the code that S3 gives an error; of a HEAD it is only the HTTP status."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def s3_errors(sought: str | None = None) -> Iterator[None]:
    """Turn what goes wrong with S3 into StorageAway or StorageFailed.

    What is `sought`, and is not there or not any more, is BlobNotFound.
    """
    try:
        yield
    except ClientError as error:
        if sought is not None and code_of(error) in (*NOT_FOUND, *_REPLACED):
            raise BlobNotFound(sought) from error
        raise StorageAway(f"S3 answers “{_words(error)}”.") from error
    except BROKEN_STREAM as error:
        raise StorageAway(f"S3 cannot be reached ({error or type(error).__name__}).") from error
    except OSError as error:
        raise StorageFailed(error.strerror or str(error)) from error


def _words(error: ClientError) -> str:
    told = error.response.get("Error", {})
    return str(told.get("Message") or told.get("Code") or error)
