"""What ffmpeg's packet listing (`-f framehash`) says of a file: codec, packets, times. Pure."""

from __future__ import annotations

import hashlib
from array import array

from audio_stream.domain.errors import MediaToolFailed, PacketsLost

_NO_TIME = -(1 << 63)
_TIMED_EVERY = 16
_TIME_TOLERANCE_S = 0.05
_ROUNDING_S = 0.001
# Opus knows none longer; a gap before a packet of unknown duration must not pass for one.
_LONGEST_PACKET_S = 0.12


class PacketListing:
    """The packets of one audio stream, added up as their lines come; small however many."""

    def __init__(self) -> None:
        self.codec = ""
        """ffmpeg's name of it, e.g. `opus`."""
        self.count = 0
        self._rest = b""
        self._content = hashlib.sha256()
        self._tick_s = 1.0
        self._start = 0
        self._end = 0
        self._last_time: int | None = None
        self._longest = 0
        self._total = 0
        # Every sixteenth will do: a copy with the same packets in the same order at the same
        # times there has no room for another time between.
        self._times = array("d")

    def feed(self, data: bytes) -> None:
        """Take the next piece of the listing, cut anywhere."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"#"):
                self._note(line)
            elif line:
                self._add(line)

    @property
    def duration_s(self) -> float:
        """The audible time from the first packet, or from 0 if that is earlier, to the end."""
        return max(0.0, (self._end - max(self._start, 0)) * self._tick_s)

    @property
    def has_sane_times(self) -> bool:
        """Whether the packets have room between their times; not so if these went backwards.

        Nor if they leapt by more than 30 h: ffmpeg forgets all that come after. A clock that
        runs a little fast or slow is sane.
        """
        return self._total * self._tick_s < 1.01 * self.duration_s + 1

    def check_copy(self, copy: PacketListing) -> None:
        """Raise unless `copy` has the same packets in the same order, at the same times.

        Times that are sane may differ by a constant and by rounding. Raises PacketsLost or
        MediaToolFailed.
        """
        if copy.count != self.count:
            raise PacketsLost(self.count, copy.count)
        if copy._content.digest() != self._content.digest():
            raise MediaToolFailed("The copy's packets are not those of the recording.")
        if not self.has_sane_times:
            return
        theirs = copy._times
        shifts = [copied - own for own, copied in zip(self._times, theirs, strict=True)]
        if max(shifts, default=0) - min(shifts, default=0) > 2 * _TIME_TOLERANCE_S:
            raise MediaToolFailed("The copy's packets are not at the times they had.")

    def check_duration(self, encoded_s: float) -> None:
        """Raise MediaToolFailed unless that is as long as this, up to a packet or 50 ms."""
        packet_s = min(self._longest * self._tick_s, _LONGEST_PACKET_S)
        tolerance_s = max(packet_s, _TIME_TOLERANCE_S) + _ROUNDING_S
        if abs(encoded_s - self.duration_s) > tolerance_s:
            raise MediaToolFailed(
                f"Of {self.duration_s:.2f} s of audio, {encoded_s:.2f} s were converted."
            )

    def _note(self, line: bytes) -> None:
        key, _, value = line.decode("ascii", "replace").partition(": ")
        if key == "#codec_id 0":
            self.codec = value.strip()
        elif key == "#tb 0":
            numerator, _, denominator = value.partition("/")
            self._tick_s = int(numerator) / int(denominator)

    def _add(self, line: bytes) -> None:
        """Take `stream, dts, pts, duration, size, hash` and, unread, what may follow."""
        _, _, pts, duration, size, content, *_ = line.split(b",")
        time, ticks = int(pts), int(duration)
        if time == _NO_TIME:
            time = self._end
        if self._last_time is None:
            self._start = self._end = time
        elif not ticks:
            # ffmpeg 5.1 tells no duration of Opus in MP4: the last packet lasts as the one before.
            ticks = time - self._last_time
        self._last_time = time
        self._longest = max(self._longest, ticks)
        self._total += ticks
        self._end = max(self._end, time + ticks)
        self._content.update(size + content)
        if self.count % _TIMED_EVERY == 0:
            self._times.append(time * self._tick_s)
        self.count += 1
