"""What every error of ours is."""

from __future__ import annotations

from dataclasses import dataclass


class AudioStreamError(Exception):
    """A fact that the person or program asking should be told in these words."""


@dataclass(eq=False)
class InvalidRequest(AudioStreamError):
    """Something the request says cannot be understood."""

    detail: str

    def __str__(self) -> str:
        return self.detail
