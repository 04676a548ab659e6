"""What can go wrong with a recording and its source."""

from __future__ import annotations

from dataclasses import dataclass

from audio_stream.domain.errors.base import AudioStreamError


@dataclass(eq=False)
class RecordingNotFound(AudioStreamError):
    """No recording carries this id."""

    recording_id: str

    def __str__(self) -> str:
        return "There is no such recording."


@dataclass(eq=False)
class RecordingGone(AudioStreamError):
    """The recording was discarded, or waited too long for its source to return."""

    recording_id: str

    def __str__(self) -> str:
        return "This recording is closed for good: it was deleted or its source was away too long."


@dataclass(eq=False)
class RecordingFinished(AudioStreamError):
    """The recording has ended and takes no more audio."""

    recording_id: str
    offset: int

    def __str__(self) -> str:
        return "This recording is finished and takes no more audio."


@dataclass(eq=False)
class RecordingFailed(AudioStreamError):
    """The recording can no longer be kept safely."""

    recording_id: str
    reason: str

    def __str__(self) -> str:
        return f"This recording failed: {self.reason}"


@dataclass(eq=False)
class RecordingBusy(AudioStreamError):
    """Another append to this recording is under way and did not yield in time."""

    recording_id: str

    def __str__(self) -> str:
        return "Another request is writing to this recording. Try again in a second."


@dataclass(eq=False)
class RecordingChanged(AudioStreamError):
    """Somebody else changed the recording in the meantime."""

    recording_id: str

    def __str__(self) -> str:
        return "The recording was changed by another request just now. Look again and retry."


@dataclass(eq=False)
class OffsetMismatch(AudioStreamError):
    """The append does not start where the recording ends."""

    expected: int
    got: int

    def __str__(self) -> str:
        return f"The recording is at byte {self.expected}; the append started at {self.got}."


@dataclass(eq=False)
class ChecksumMismatch(AudioStreamError):
    """The bytes that came are not the bytes that were sent."""

    algorithm: str

    def __str__(self) -> str:
        return f"The chunk's {self.algorithm} checksum does not match; nothing of it was kept."


@dataclass(eq=False)
class UnsupportedChecksum(AudioStreamError):
    """The checksum is malformed or of an algorithm this server does not know."""

    algorithm: str

    def __str__(self) -> str:
        return "Upload-Checksum must name sha1 or sha256 and carry a Base64 digest."


@dataclass(eq=False)
class LengthConflict(AudioStreamError):
    """The declared length contradicts what is known already."""

    known: int
    declared: int

    def __str__(self) -> str:
        return f"The recording's length is {self.known} bytes and cannot become {self.declared}."


@dataclass(eq=False)
class LengthExceeded(AudioStreamError):
    """More bytes came than the recording, or this server, allows."""

    limit_bytes: int

    def __str__(self) -> str:
        return f"That is more than the {self.limit_bytes} bytes allowed."


@dataclass(eq=False)
class TooManyRecordings(AudioStreamError):
    """As many recordings are open as this server allows."""

    limit: int

    def __str__(self) -> str:
        return f"There are {self.limit} open recordings already, the most this server allows."


@dataclass(eq=False)
class SourceTimedOut(AudioStreamError):
    """The source sent no byte for too long; what came before is kept."""

    timeout_s: float

    def __str__(self) -> str:
        return f"No data came for {self.timeout_s:g} s. What came before is kept."


@dataclass(eq=False)
class SourceDisconnected(AudioStreamError):
    """The connection ended in the middle of a chunk."""

    def __str__(self) -> str:
        return "The connection ended in the middle of the chunk. What came before is kept."
