"""Imports the product once and forks it whenever it is told to (`forked.py` tells it).

Run as a file: `python forking.py SOCKET`. Each fork is a process like any other that was started by
the command line, but for the second and more that importing takes.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from typing import Any

from audio_stream.adapters.catalog import migrate as _migrate
from audio_stream.infrastructure import rebuild as _rebuild
from audio_stream.infrastructure import server as _server
from audio_stream.infrastructure.commands import run_command

PRELOADED = (_migrate, _rebuild, _server)
"""What the command line would import late."""


def fork(request: dict[str, Any], descriptors: list[int]) -> int:
    """Return the new process's id."""
    child = os.fork()
    if child:
        for descriptor in descriptors:
            os.close(descriptor)
        return child
    code = 70
    try:
        for target, descriptor in enumerate(descriptors, start=1):
            os.dup2(descriptor, target)
            os.close(descriptor)
        os.chdir(request["folder"])
        os.environ.update(request["environment"])
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = run_command(request["arguments"])
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 - the exit code says it, as Python's would
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Fork and wait as asked, until nobody asks any more."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is the tests' business
    gc.freeze()
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, 65536, 2)
        if not message:
            return
        request = json.loads(message)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = fork(request, descriptors)
        channel.send(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
