"""A file system that fails at the call it is told to."""

from __future__ import annotations

import os
import threading
from typing import Any

from audio_stream.adapters.files import Files

_COMPOSED = {"write_new", "copy_new", "write_atomically", "make_folder", "let_go"}


class FaultyFiles(Files):
    """The real one, with a log of its calls and a switch.

    A failing write leaves half of its bytes, as a full disk does. Calls made of others are not
    counted; those others are.
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self.fail_at: int | None = None
        """The index in `log` of the one call that fails."""
        self.fail_with: int = 0
        """Its errno."""
        self.called_in: set[threading.Thread] = set()

    def __getattribute__(self, name: str) -> Any:  # noqa: ANN401 - stands for every method
        found = super().__getattribute__(name)
        if name.startswith("_") or name in _COMPOSED or not callable(found):
            return found

        def call(*arguments: Any) -> Any:  # noqa: ANN401 - the same
            self.log.append(name)
            if name != "close":
                self.called_in.add(threading.current_thread())
            if self.fail_at != len(self.log) - 1:
                return found(*arguments)
            if name == "write_all":
                found(arguments[0], arguments[1][: len(arguments[1]) // 2])
            if name == "close":
                found(*arguments)
            raise OSError(self.fail_with, os.strerror(self.fail_with))

        return call
