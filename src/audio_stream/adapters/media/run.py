"""Runs one ffmpeg under limits, so that hostile audio costs at most what was granted."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audio_stream.adapters.media.limited import NOT_STARTED
from audio_stream.domain.errors import MediaToolFailed, StorageFull

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable, Sequence
    from socket import socket

_PIECE_BYTES = 64 * 1024
# Of many complaints the first say what is wrong, and the last what it came to.
_FIRST_BYTES = _LAST_BYTES = 4 * 1024
_REASON_CHARACTERS = 200

_LOW_PRIORITY = 10

_LIMITED = Path(__file__).with_name("limited.py")

# Nothing else of ours is a program's business that reads strangers' bytes, secrets least of all.
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


_DISK_FULL = ("No space left on device", "Disk quota exceeded")
_MEMORY_SPENT = ("Cannot allocate memory", "Resource temporarily unavailable")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use."""

    time_s: float
    """By the wall clock; and as much of a processor, which ends it even when we are gone."""
    memory_bytes: int
    """Address space; not enforced on macOS."""
    file_bytes: int
    """The largest file it may write."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a run ended by itself."""

    status: int
    errors: str
    """The beginning and the end of what it complained about, at most 8 KiB."""

    @property
    def reason(self) -> str:
        """Its first complaint, short and without addresses and paths, for people."""
        first = self.errors.partition("\n")[0].strip() or f"exit status {self.status}"
        plain = re.sub(r"file:\S+", "the file", re.sub(r"^(\[[^\]]*\]\s*)+", "", first))
        return plain[:_REASON_CHARACTERS]


class LimitedFfmpeg:
    """The ffmpeg command, run at low priority under limits.

    The limits are set by a small Python program that then becomes ffmpeg (`limited.py`):
    `preexec_fn` may deadlock beside threads, and a shell's `ulimit` counts in units of its own
    choice.
    """

    def __init__(self, ffmpeg: Path, limits: Limits) -> None:
        self._ffmpeg = ffmpeg
        self._limits = limits

    async def run(
        self, arguments: Sequence[str], consume: Callable[[bytes], None] | None = None
    ) -> Finished:
        """Return how ffmpeg ended; its output goes to `consume` in pieces of at most 64 KiB.

        Nothing of it is left running, whatever happens. Raises MediaToolFailed when it did not
        start, was killed or met a limit; StorageFull.
        """
        process = await start_limited(
            [str(self._ffmpeg), *arguments],
            self._limits,
            niceness=_LOW_PRIORITY,
            stdout=DEVNULL if consume is None else PIPE,
        )
        errors = bytearray()
        try:
            async with asyncio.timeout(self._limits.time_s), asyncio.TaskGroup() as reading:
                reading.create_task(keep_complaints(process, errors))
                if consume is not None:
                    reading.create_task(_read_output(process, consume))
                reading.create_task(process.wait())
        except TimeoutError:
            raise MediaToolFailed(
                f"The converter took longer than the {self._limits.time_s:g} s it may take."
            ) from None
        finally:
            await end(process)
        finished = Finished(process.returncode or 0, errors.decode("utf-8", "replace"))
        self._check(finished)
        return finished

    def _check(self, finished: Finished) -> None:
        if any(words in finished.errors for words in _DISK_FULL):
            raise StorageFull("The server's disk is too full to convert this recording.")
        if "File too large" in finished.errors:
            raise MediaToolFailed(
                f"The result would be larger than the {self._limits.file_bytes} bytes it may be."
            )
        if any(words in finished.errors for words in _MEMORY_SPENT):
            raise MediaToolFailed("Converting this recording takes more memory than it may take.")
        if finished.status == NOT_STARTED:
            raise MediaToolFailed(f"ffmpeg could not be started: {finished.reason}")
        if finished.status < 0:
            name = signal.Signals(-finished.status).name
            raise MediaToolFailed(f"The converter was stopped in the middle ({name}).")


async def start_limited(
    command: Sequence[str],
    limits: Limits,
    *,
    niceness: int,
    stdout: int,
    stdin: int | socket = DEVNULL,
) -> Process:
    """Start a program under limits, as the leader of a process group; its complaints are piped."""
    numbers = (limits.time_s + 1, limits.memory_bytes, limits.file_bytes, niceness)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(_LIMITED), *(str(int(number)) for number in numbers)),
        *command,
        stdin=stdin if isinstance(stdin, int) else stdin.fileno(),
        stdout=stdout,
        stderr=PIPE,
        env=_environment(),
        start_new_session=True,
    )


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # glibc reserves 64 MiB of address space for each arena, and up to eight a processor.
    return {**kept, "LC_ALL": "C", "MALLOC_ARENA_MAX": "2"}


async def _read_output(process: Process, consume: Callable[[bytes], None]) -> None:
    if process.stdout is not None:
        while piece := await process.stdout.read(_PIECE_BYTES):
            consume(piece)


async def keep_complaints(process: Process, errors: bytearray) -> None:
    """Add what it complains about to `errors`, of much only the beginning and the end."""
    if process.stderr is not None:
        while piece := await process.stderr.read(_PIECE_BYTES):
            errors += piece
            if len(errors) > _FIRST_BYTES + _LAST_BYTES:
                del errors[_FIRST_BYTES:-_LAST_BYTES]


async def end(process: Process) -> None:
    """Return once it has ended, by force if need be."""
    if process.returncode is None:
        # It leads a process group of its own.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
