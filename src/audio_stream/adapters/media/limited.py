"""Lowers this process's limits and priority, then becomes the program it was told to run.

Run as a file by `run.py`, by `python -I -S`, with the arguments
`CPU_S MEMORY_BYTES FILE_BYTES NICENESS PROGRAM ARG…`.
"""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress

NOT_STARTED = 127
"""The exit status when the program could not be started, as a shell's."""


def main(arguments: list[str]) -> None:
    """Never return: become the program, or exit with NOT_STARTED."""
    cpu_s, memory_bytes, file_bytes, niceness = (int(text) for text in arguments[:4])
    _lower(resource.RLIMIT_CPU, cpu_s)
    _lower(resource.RLIMIT_AS, memory_bytes)
    _lower(resource.RLIMIT_FSIZE, file_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    os.nice(niceness)
    # Python ignores SIGXFSZ and SIGPIPE, and so will the program: it is told EFBIG or EPIPE where
    # it would have been killed, and can say so.
    try:
        os.execv(arguments[4], arguments[4:])  # noqa: S606 - no shell is what we want
    except OSError as error:
        sys.stderr.write(f"{error.strerror}\n")
        sys.exit(NOT_STARTED)


def _lower(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    # macOS takes no RLIMIT_AS; the others and the wall clock hold there.
    with suppress(OSError, ValueError):
        resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    main(sys.argv[1:])
