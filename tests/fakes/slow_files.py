"""A disk whose syncs end when a test says so."""

from __future__ import annotations

import errno
import threading

from audio_stream.adapters.files import Files


class SlowFiles(Files):
    """The real one, whose syncs wait for `may_end`, and of which the next may fail."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.may_end.set()
        self.fails = False
        """Whether the next sync to end does so with EIO."""
        self.syncs = 0

    def sync_data(self, descriptor: int) -> None:
        assert self.may_end.wait(timeout=20)
        self.syncs += 1
        if self.fails:
            self.fails = False
            raise OSError(errno.EIO, "Input/output error")
        super().sync_data(descriptor)
