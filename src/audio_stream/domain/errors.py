"""What can go wrong, one class per fact, each carrying its data and knowing no protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class AudioStreamError(Exception):
    """A fact that the person or program asking should be told in these words."""


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
class StationBusy(AudioStreamError):
    """Another source is on air on this station."""

    station: str
    title: str
    since: datetime

    def __str__(self) -> str:
        since = self.since.isoformat(timespec="seconds")
        source = f"“{self.title}”" if self.title else "another recording"
        return f"Station {self.station} has been taken by {source} since {since}."


@dataclass(eq=False)
class StationNotFound(AudioStreamError):
    """Nobody has broadcast on this station for a while, or ever."""

    station: str

    def __str__(self) -> str:
        return f"There is no station called {self.station}."


@dataclass(eq=False)
class StationOffAir(AudioStreamError):
    """The station exists, and nobody is broadcasting on it now."""

    station: str

    def __str__(self) -> str:
        return f"Station {self.station} is off air right now."


@dataclass(eq=False)
class HouseFull(AudioStreamError):
    """As many listen, or watch, as this server has room for."""

    def __str__(self) -> str:
        return "All places on this server are taken right now. Try again in a moment."


@dataclass(eq=False)
class InvalidStation(AudioStreamError):
    """The name cannot be a station's."""

    station: str

    def __str__(self) -> str:
        return (
            "A station's name has 1 to 63 lower-case letters, digits and dashes, "
            "and does not start with a dash."
        )


@dataclass(eq=False)
class InvalidRequest(AudioStreamError):
    """Something the request says cannot be understood."""

    detail: str

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class UnsupportedMedia(AudioStreamError):
    """The first bytes are of no container that is taken here."""

    accepted: tuple[str, ...]

    def __str__(self) -> str:
        return f"This is no audio that can be taken here. Accepted: {', '.join(self.accepted)}."


@dataclass(eq=False)
class MalformedMedia(AudioStreamError):
    """The bytes break the rules of their container."""

    detail: str

    def __str__(self) -> str:
        return f"The audio data is damaged: {self.detail}"


@dataclass(eq=False)
class NoAudio(AudioStreamError):
    """The file holds not a single packet of audio."""

    def __str__(self) -> str:
        return "There was no audio in this recording."


@dataclass(eq=False)
class MediaToolFailed(AudioStreamError):
    """The converter could not do its work."""

    detail: str

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class PacketsLost(AudioStreamError):
    """A copy does not hold the packets of its source."""

    expected: int
    got: int

    def __str__(self) -> str:
        return f"The copy holds {self.got} of {self.expected} packets."


@dataclass(eq=False)
class TrackNotFound(AudioStreamError):
    """No track carries this id or name."""

    track_id: str

    def __str__(self) -> str:
        return "There is no such track."


@dataclass(eq=False)
class TrackChanged(AudioStreamError):
    """Somebody else changed the track in the meantime."""

    track_id: str

    def __str__(self) -> str:
        return "The track was changed by somebody else just now. Look again and retry."


@dataclass(eq=False)
class RecordingChanged(AudioStreamError):
    """Somebody else changed the recording in the meantime."""

    recording_id: str

    def __str__(self) -> str:
        return "The recording was changed by another request just now. Look again and retry."


@dataclass(eq=False)
class RenditionNotReady(AudioStreamError):
    """This form of the track is still being made, or could not be made."""

    track_id: str
    kind: str
    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(eq=False)
class BlobNotFound(AudioStreamError):
    """Nothing is stored under this key."""

    key: str

    def __str__(self) -> str:
        return "The stored file is missing."


@dataclass(eq=False)
class StorageFull(AudioStreamError):
    """There is no room to keep what was sent."""

    detail: str = "The server's disk is full. The recording can go on once there is room."

    def __str__(self) -> str:
        return self.detail


@dataclass(eq=False)
class StorageFailed(AudioStreamError):
    """The disk refused to keep what was sent."""

    detail: str

    def __str__(self) -> str:
        return f"The server's disk failed: {self.detail}"


@dataclass(eq=False)
class StorageAway(StorageFailed):
    """The store that the library rests in does not answer, or refuses."""

    def __str__(self) -> str:
        return f"The library's storage is away: {self.detail}"


@dataclass(eq=False)
class SyncFailed(AudioStreamError):
    """The disk took the bytes and then could not say that it keeps them."""

    detail: str

    def __str__(self) -> str:
        return f"The server's disk could not confirm that it kept the audio: {self.detail}"


@dataclass(eq=False)
class TooManyRecordings(AudioStreamError):
    """As many recordings are open as this server allows."""

    limit: int

    def __str__(self) -> str:
        return f"There are {self.limit} open recordings already, the most this server allows."


@dataclass(eq=False)
class SpoolQuotaReached(AudioStreamError):
    """The station's recordings that are not yet stored take all the room they may."""

    station: str
    limit_bytes: int

    def __str__(self) -> str:
        return (
            f"The recordings of station {self.station} that are not yet in the library take all of "
            f"the {self.limit_bytes} bytes they may. Finish one, or wait until it is stored."
        )


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
