"""A sound card and a screen where there are none, and programs that end with the test."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path

_START_TIMEOUT_S = 30
_END_TIMEOUT_S = 10


def missing(programs: Iterable[str]) -> str | None:
    """Return the first program that is not installed here."""
    return next((program for program in programs if shutil.which(program) is None), None)


@asynccontextmanager
async def running(
    *command: str | Path,
    env: Mapping[str, str],
    pass_fds: tuple[int, ...] = (),
    is_heard: bool = False,
) -> AsyncIterator[Process]:
    """Give a running program, its complaints piped if they are to be heard; end it on leaving."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        env={**os.environ, **env},
        pass_fds=pass_fds,
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE if is_heard else DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _END_TIMEOUT_S)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own
        await process.wait()


@asynccontextmanager
async def sound_card(folder: Path) -> AsyncIterator[dict[str, str]]:
    """Give the environment in which a program finds a sound card that swallows everything."""
    address = folder / "sound"
    server = (
        *("pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--disable-shm=yes"),
        *("--exit-idle-time=-1", "--log-level=notice", "-L", "module-null-sink"),
        *("-L", f"module-native-protocol-unix auth-anonymous=1 socket={address}"),
    )
    home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    async with running(*server, env=home) as process:
        async with asyncio.timeout(_START_TIMEOUT_S):
            while not address.exists():
                assert process.returncode is None, "pulseaudio does not run"
                await asyncio.sleep(0.02)
        yield {"PULSE_SERVER": f"unix:{address}"}


@asynccontextmanager
async def screen() -> AsyncIterator[dict[str, str]]:
    """Give the environment in which a program finds a screen."""
    number, tell = os.pipe()
    try:
        xvfb = ("Xvfb", "-displayfd", str(tell), "-screen", "0", "1280x900x24", "-nolisten", "tcp")
        async with running(*xvfb, env={}, pass_fds=(tell,)):
            os.close(tell)
            async with asyncio.timeout(_START_TIMEOUT_S):
                display = await asyncio.to_thread(os.read, number, 16)
            yield {"DISPLAY": f":{display.decode().strip()}"}
    finally:
        os.close(number)
