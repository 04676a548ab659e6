"""A recording: audio being received, from start to finish."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from audio_stream.domain.errors import LengthConflict, RecordingFailed, RecordingGone
from audio_stream.domain.ids import RecordingId, StationSlug
from audio_stream.domain.titles import Title

MISSING_SPOOL = "The recording's file is missing."


class RecordingState(StrEnum):
    """Where a recording is on its way."""

    RECORDING = "recording"
    INTERRUPTED = "interrupted"
    """Its source is silent; it may return."""
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What is known of a recording besides its bytes. Its offset is its spool file's size."""

    id: RecordingId
    station: StationSlug
    title: Title
    live: bool
    """Whether it goes on air. An uploaded file does not."""
    claimed_type: str
    """The media type its source named: kept for diagnosis, never believed."""
    started_at: datetime
    state: RecordingState = RecordingState.RECORDING
    length_bytes: int | None = None
    """Where it ends, once its source has said so."""
    reason: str | None = None
    """Why it failed, for a person to read."""
    interrupted_at: datetime | None = None
    discarded: bool = False
    version: int = 0
    """Counts the catalog's writes; a write of an older version is refused."""

    def declare_length(self, length_bytes: int) -> Recording:
        """Return the recording with its end known. Raises LengthConflict."""
        if self.length_bytes is not None and self.length_bytes != length_bytes:
            raise LengthConflict(known=self.length_bytes, declared=length_bytes)
        return replace(self, length_bytes=length_bytes)

    def interrupt(self, now: datetime) -> Recording:
        """Return the recording with its source gone."""
        return replace(self, state=RecordingState.INTERRUPTED, interrupted_at=now)

    def resume(self) -> Recording:
        """Return the recording with its source back."""
        return replace(self, state=RecordingState.RECORDING, interrupted_at=None)

    def finish(self, length_bytes: int) -> Recording:
        """Return the recording at its end. Raises LengthConflict."""
        declared = self.declare_length(length_bytes)
        return replace(declared, state=RecordingState.FINISHED, interrupted_at=None)

    def fail(self, reason: str) -> Recording:
        """Return the recording given up, with the reason."""
        return replace(self, state=RecordingState.FAILED, reason=reason)

    def is_expired(self, now: datetime, resume_window: timedelta) -> bool:
        """Tell whether its source has been away for longer than `resume_window`."""
        return (
            self.state is RecordingState.INTERRUPTED
            and self.interrupted_at is not None
            and now - self.interrupted_at > resume_window
        )

    def check_open(self, now: datetime, resume_window: timedelta) -> None:
        """Raise RecordingGone or RecordingFailed if no request may touch it any more."""
        if self.discarded or self.is_expired(now, resume_window):
            raise RecordingGone(self.id)
        if self.state is RecordingState.FAILED:
            raise RecordingFailed(self.id, self.reason or "unknown")
