"""How many files and connections this process may have open."""

from __future__ import annotations

import resource
from contextlib import suppress

_WANTED = 65536
_RESERVED = 4096
_RESERVED_SHARE = 4


def raise_descriptor_limit() -> None:
    """Make room for as many listeners as the system allows: each is a descriptor."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else hard
    if soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def descriptors_for_visitors() -> int:
    """Return how many listeners and watching pages may take."""
    return _limit() - reserved_descriptors()


def reserved_descriptors() -> int:
    """Return how many are kept for recordings, tracks, and requests that are soon answered."""
    return min(_RESERVED, _limit() // _RESERVED_SHARE)


def _limit() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _WANTED if soft == resource.RLIM_INFINITY else soft
