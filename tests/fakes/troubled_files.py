"""A disk that is full, fails or takes its time when a test says so."""

from __future__ import annotations

import os
import threading

from audio_stream.adapters.files import Files


class TroubledFiles(Files):
    """The real one, whose syncs wait for `may_end`, and whose calls may fail."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.may_end.set()
        self.writes_fail: int | None = None
        """With which errno all writes fail, after half of their bytes."""
        self.next_sync_fails: int | None = None
        """With which errno the next sync to end fails."""
        self.syncs = 0

    def write_all(self, descriptor: int, data: bytes) -> None:
        if self.writes_fail is not None:
            super().write_all(descriptor, data[: len(data) // 2])
            raise OSError(self.writes_fail, os.strerror(self.writes_fail))
        super().write_all(descriptor, data)

    def sync_data(self, descriptor: int) -> None:
        assert self.may_end.wait(timeout=20)
        self.syncs += 1
        code, self.next_sync_fails = self.next_sync_fails, None
        if code is not None:
            raise OSError(code, os.strerror(code))
        super().sync_data(descriptor)
