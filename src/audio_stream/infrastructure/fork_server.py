"""A small process that forks workers: no thread or lock of this program is ever copied."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress

_SECONDS_TO_LEAVE = 5.0


class ForkServer:
    """Runs `module` as a process that forks a worker for each descriptor it is sent."""

    def __init__(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        self._process = process
        self._control = control

    @classmethod
    async def start(cls, module: str, argument: str) -> ForkServer:
        """Start it, in a session of its own: the terminal's signals do not reach it.

        Raises OSError.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                argument,
                stdin=theirs.fileno(),
                start_new_session=True,
            )
        return cls(process, ours)

    @property
    def is_running(self) -> bool:
        """Whether it can still fork."""
        return self._process.returncode is None

    async def fork(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a new worker's connection; it ends when the worker does. Raises OSError."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"\0"], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        return await asyncio.open_unix_connection(sock=ours)

    async def close(self) -> None:
        """Return when it and its workers have ended: by themselves, or killed after 5 s.

        The workers' connections must be closed already.
        """
        self._control.close()
        try:
            async with asyncio.timeout(_SECONDS_TO_LEAVE):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
