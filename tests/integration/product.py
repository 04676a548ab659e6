"""The product as a process of its own, on a free port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_TIMEOUT_S = 60


@contextmanager
def started(command: Sequence[str | Path], folder: Path, *, port: int = 0) -> Iterator[str]:
    """Run the product in a folder of its own; give its address. Ctrl-C must end it in peace."""
    process = subprocess.Popen(
        [*command, "--port", str(port), "--host", "127.0.0.1", "--data-dir", "data"],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PORT")},
        stdout=subprocess.PIPE,
        text=True,
    )
    guard = threading.Timer(START_TIMEOUT_S, process.kill)
    guard.start()
    with process:
        try:
            assert process.stdout is not None
            greeting = next((line for line in process.stdout if "/record" in line), "")
            address = re.search(r"http://localhost:(\d+)/record", greeting)
            assert address, f"the program ended with {process.wait()} before it told its address"
            guard.cancel()  # it waits for the start alone: what is tested may take longer
            yield f"http://127.0.0.1:{address[1]}"
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=START_TIMEOUT_S)
            assert process.returncode == 0, "Ctrl-C is how one ends it, and no error"
        finally:
            guard.cancel()
            process.kill()
