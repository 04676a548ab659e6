"""How this program talks to S3, or to a server that speaks its protocol."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession

from audio_stream.adapters.blob.s3_patience import ImpatientSession

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

KEY_PREFIX = "audio-stream-files/"
"""What every object's key starts with; the blob store's keys are without it."""

_MOST_CONNECTIONS = 1000
"""A paused listener keeps one busy; they cost nothing until they are used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """Which bucket, reached how."""

    bucket: str
    region: str = "eu-west-1"
    profile: str | None = None
    """A profile of the AWS configuration files; None leaves the choice to the environment."""
    endpoint_url: str | None = None
    """None means AWS itself."""
    attempts: int = 5
    """How often one request is sent before it counts as failed."""
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 60.0

    @property
    def sends_checksums(self) -> bool:
        """Whether requests carry `x-amz-checksum-sha256`: servers other than AWS may refuse it."""
        return self.endpoint_url is None


@cache
def _session(profile: str | None) -> AioSession:
    """Return the one session of a profile: its clients share what takes 0.3 s to load."""
    return AioSession(profile=profile)


def open_client(options: S3Options) -> AbstractAsyncContextManager[Any]:
    """Return a client to be entered. It repeats what fails for a moment, after jittered pauses.

    The standard retry mode's pauses are random and grow to 20 s; it repeats 500, 502, 503, 504,
    SlowDown, timeouts and broken connections.
    """
    config = AioConfig(
        connect_timeout=options.connect_timeout_s,
        read_timeout=options.read_timeout_s,
        max_pool_connections=_MOST_CONNECTIONS,
        http_session_cls=ImpatientSession,
        retries={"mode": "standard", "total_max_attempts": options.attempts},
        # Ours are made beforehand; the library's own break servers other than AWS.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        # A bucket's own host name is what only AWS is sure to have.
        s3={"addressing_style": "path" if options.endpoint_url else "auto"},
    )
    client: AbstractAsyncContextManager[Any] = _session(options.profile).create_client(
        "s3", region_name=options.region, endpoint_url=options.endpoint_url, config=config
    )
    return client
