"""CheckReadiness: whether to send people here, and what the keeper should see to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from audio_stream.domain.errors import AudioStreamError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audio_stream.usecases.ports import Health


class Stage(StrEnum):
    """Where the program is between its start and its end."""

    STARTING = "starting"
    SERVING = "serving"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether requests are served, and what is wrong all the same."""

    stage: Stage
    troubles: Sequence[str]
    """For a person to read."""


class CheckReadiness:
    """Ask everything that can be in trouble while recording and listening go on."""

    def __init__(self, parts: Sequence[Health]) -> None:
        self._parts = parts
        self.stage = Stage.STARTING

    async def execute(self) -> Readiness:
        """Return how things are. Never fails."""
        troubles = []
        for part in self._parts:
            try:
                trouble = await part.trouble()
            except AudioStreamError as error:
                trouble = str(error)
            if trouble is not None:
                troubles.append(trouble)
        return Readiness(self.stage, troubles)
