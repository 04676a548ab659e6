"""The running program: from the lock on the data folder to the last goodbye."""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
import sys
from typing import TYPE_CHECKING

from aiohttp import web

from audio_stream.infrastructure.alone import StartFailed, run_alone
from audio_stream.infrastructure.app import SERVER_OPTIONS, make_app
from audio_stream.infrastructure.container import Container
from audio_stream.infrastructure.descriptors import raise_descriptor_limit, reserved_descriptors
from audio_stream.infrastructure.doorkeeper import Patience
from audio_stream.infrastructure.gradual_site import GradualSite

if TYPE_CHECKING:
    from audio_stream.infrastructure.settings import Settings


def serve_until_stopped(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code."""
    raise_descriptor_limit()
    return run_alone(settings, _serve)


async def _serve(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        make_app(Container(settings=settings)),
        access_log=None,
        shutdown_timeout=settings.shutdown_timeout_s,
        keepalive_timeout=settings.idle_timeout_s,
        **SERVER_OPTIONS,
    )
    await runner.setup()
    try:
        patience = Patience(
            headers_s=settings.header_timeout_s,
            taking_s=settings.idle_timeout_s,
            silent_connections=reserved_descriptors() // 2,
        )
        site = GradualSite(runner, settings.host, settings.port, patience=patience)
        try:
            await site.start()
        except OSError as error:
            raise StartFailed(_why_no_port(settings, error)) from error
        _spare_the_collector()
        _greet(settings, runner.addresses[0][1])
        await stop.wait()
    finally:
        await runner.cleanup()
    return 0


def _why_no_port(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {settings.port} is taken. Stop what uses it, or set PORT to another number."
    if error.errno == errno.EACCES:
        return f"Port {settings.port} needs privileges. Set PORT to a number above 1023."
    return f"{settings.host}:{settings.port} cannot be served on: {error.strerror}."


def _greet(settings: Settings, port: int) -> None:
    lines = [
        f"Record: http://localhost:{port}/record",
        f"Listen: http://localhost:{port}/",
        f"Everything is kept in {settings.data_dir.absolute()}. Ctrl-C stops.",
    ]
    if settings.admin_username is None:
        lines.append(
            "Anyone who can reach this address can broadcast and delete tracks: "
            "set ADMIN_USERNAME and ADMIN_PASSWORD to change that."
        )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _spare_the_collector() -> None:
    """Let the garbage collector pass over all that lasts as long as the program.

    To look through it took it 100 ms, again and again, and sound waited meanwhile.
    """
    gc.collect()
    gc.freeze()
