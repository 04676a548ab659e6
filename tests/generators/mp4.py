"""Writes fragmented MP4 of every shape that encoders give it, and tells what is in it.

Written from ISO/IEC 14496-12 without a look at the product: the two must not share a mistake.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from hypothesis import strategies as st

from generators.webm import opus_packet

TIMESCALE_HZ = 48_000
SAMPLE_TICKS = 960
AUDIO_ID, VIDEO_ID = 2, 1


def box(kind: str, *content: bytes, large: bool = False) -> bytes:
    """Return a box, with a 64-bit size if so wanted."""
    body = b"".join(content)
    if large:
        return b"\0\0\0\1" + kind.encode() + struct.pack(">Q", 16 + len(body)) + body
    return struct.pack(">I", 8 + len(body)) + kind.encode() + body


def full(kind: str, flags: int, *content: bytes, version: int = 0) -> bytes:
    """Return a box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


FTYP = box("ftyp", b"iso5\0\0\2\0iso5mp41")
NOISE = {
    "none": b"",
    "styp": box("styp", b"msdh\0\0\0\0msdh"),
    "sidx": full("sidx", 0, b"\0" * 24),
    "emsg": full("emsg", 0, b"urn:x\0\0", b"\0" * 16),
    "free": box("free", b"\0" * 33),
    "uuid": box("uuid", b"u" * 20),
    "large free": box("free", b"moof" * 9, large=True),
    "ftyp": FTYP,
}

ESDS_AAC = bytes.fromhex("03190001000411" + "4015" + "00" * 11 + "05021190" + "060102")


def sample_entry(kind: str, *extra: bytes) -> bytes:
    """Return an AudioSampleEntry."""
    fields = struct.pack(">6xH8xHH4xI", 1, 2, 16, TIMESCALE_HZ << 16)
    return box(kind, fields, *extra)


OPUS_ENTRY = sample_entry("Opus", box("dOps", struct.pack(">BBHIhB", 0, 2, 312, 48_000, 0, 0)))
AAC_ENTRY = sample_entry("mp4a", full("esds", 0, ESDS_AAC))


def trak(
    track_id: int, handler: bytes, entry: bytes, *, duration: int = 0, v1: bool = False
) -> bytes:
    """Return a `trak` without samples."""
    if v1:
        tkhd = full(
            "tkhd", 7, struct.pack(">QQIIQ", 1, 1, track_id, 0, duration), b"\0" * 60, version=1
        )
        mdhd = full(
            "mdhd", 0, struct.pack(">QQIQHH", 1, 1, TIMESCALE_HZ, duration, 0x55C4, 0), version=1
        )
    else:
        tkhd = full("tkhd", 7, struct.pack(">IIIII", 1, 1, track_id, 0, duration), b"\0" * 60)
        mdhd = full("mdhd", 0, struct.pack(">IIIIHH", 1, 1, TIMESCALE_HZ, duration, 0x55C4, 0))
    tables = full("stts", 0, b"\0" * 4) + full("stsc", 0, b"\0" * 4)
    tables += full("stsz", 0, b"\0" * 8) + full("stco", 0, b"\0" * 4)
    dref = full("dref", 0, struct.pack(">I", 1), full("url ", 1))
    stbl = box("stbl", full("stsd", 0, struct.pack(">I", 1), entry), tables)
    head = full("smhd", 0, b"\0" * 4) if handler == b"soun" else full("vmhd", 1, b"\0" * 8)
    minf = box("minf", head, box("dinf", dref), stbl)
    return box(
        "trak", tkhd, box("mdia", mdhd, full("hdlr", 0, b"\0\0\0\0", handler, b"\0" * 13), minf)
    )


def moov(*traks: bytes, defaults: dict[int, tuple[int, int]], duration: int = 0) -> bytes:
    """Return a `moov` for fragments."""
    mvhd = full("mvhd", 0, struct.pack(">IIII", 1, 1, 1000, duration), b"\0" * 80)
    trexes = [
        full("trex", 0, struct.pack(">IIIII", track, 1, ticks, size, 0))
        for track, (ticks, size) in defaults.items()
    ]
    mehd = full("mehd", 0, struct.pack(">I", duration)) if duration else b""
    return box("moov", mvhd, *traks, box("mvex", mehd, *trexes))


VIDEO_ENTRY = box("vp08", b"\0" * 6 + b"\0\1" + b"\0" * 16 + b"\0\x10\0\x10" + b"\0" * 50)


@dataclass(frozen=True)
class Fragment:
    """One `moof` and its `mdat`."""

    runs: tuple[tuple[bytes, ...], ...]
    """The audio's samples, by `trun`."""
    time_version: int | None = 1
    """Of its `tfdt`; None without one."""
    base: str = "moof"
    """What offsets count from: "moof" (by flag), "implied" or "file"."""
    video_first: bool = False
    durations_in_runs: bool = False
    first_sample_flags: bool = False
    before: bytes = b""
    between: bytes = b""
    doubled: bool = False
    large_mdat: bool = False


@dataclass(frozen=True)
class Mp4:
    """A whole file."""

    fragments: tuple[Fragment, ...]
    with_video: bool = False
    duration: int = 0
    v1: bool = False
    entry: bytes = OPUS_ENTRY
    endless: bool = False
    """The last `mdat` has the size 0: to the end."""
    explicit: bool = False
    """Every `trun` says where its samples lie; else the second follows the first."""

    def header(self) -> bytes:
        """Return `ftyp` and `moov`."""
        audio = trak(AUDIO_ID, b"soun", self.entry, duration=self.duration, v1=self.v1)
        traks = [audio]
        defaults = {AUDIO_ID: (SAMPLE_TICKS, 0)}
        if self.with_video:
            traks = [trak(VIDEO_ID, b"vide", VIDEO_ENTRY), audio]
            traks.append(trak(9, b"soun", self.entry))
            defaults |= {VIDEO_ID: (SAMPLE_TICKS, 5), 9: (SAMPLE_TICKS, 0)}
        return FTYP + moov(*traks, defaults=defaults, duration=self.duration)

    def initialization(self) -> bytes:
        """Return what the splitter has to give as the initialization segment."""
        audio = trak(AUDIO_ID, b"soun", self.entry, v1=self.v1)
        return FTYP + moov(audio, defaults={AUDIO_ID: (SAMPLE_TICKS, 0)})

    def encode(self) -> bytes:
        """Return the file."""
        media, time = self.header(), 0
        for number, fragment in enumerate(self.fragments):
            media += fragment.before
            moof = self._moof(fragment, number, time, 0, len(media))
            if fragment.doubled:
                media += moof
            payload = b"vvvvv" * 2 if self._video(fragment) else b""
            payload += b"".join(b"".join(run) for run in fragment.runs)
            endless = self.endless and number == len(self.fragments) - 1
            head = 16 if fragment.large_mdat and not endless else 8
            at = len(moof) + len(fragment.between) + head
            media += self._moof(fragment, number, time, at, len(media)) + fragment.between
            if endless:
                media += b"\0\0\0\0mdat" + payload
            else:
                media += box("mdat", payload, large=fragment.large_mdat)
            time += SAMPLE_TICKS * sum(len(run) for run in fragment.runs)
        return media

    def _video(self, fragment: Fragment) -> bool:
        return self.with_video and fragment.video_first

    def _moof(self, fragment: Fragment, number: int, time: int, data_at: int, offset: int) -> bytes:
        """Return the `moof` at file `offset` whose data is so many bytes on."""
        trafs = []
        if self._video(fragment):
            trun = full("trun", 1, struct.pack(">Ii", 2, data_at))
            trafs.append(box("traf", full("tfhd", 0x20000, struct.pack(">I", VIDEO_ID)), trun))
            data_at += 10
        flags, fields, origin = {
            "moof": (0x20000, b"", 0),
            "implied": (0, b"", 10 if self._video(fragment) else 0),
            "file": (1, struct.pack(">Q", offset + data_at - 5), data_at - 5),
        }[fragment.base]
        if fragment.base == "implied" and self._video(fragment):
            origin = data_at  # it counts from the end of the video's data
        tfhd = full("tfhd", flags, struct.pack(">I", AUDIO_ID), fields)
        tfdt = b""
        if fragment.time_version is not None:
            form = ">Q" if fragment.time_version else ">I"
            tfdt = full("tfdt", 0, struct.pack(form, time), version=fragment.time_version)
        truns, at = [], data_at - origin
        for index, run in enumerate(fragment.runs):
            truns.append(self._trun(fragment, run, at, explicit=self.explicit or index != 1))
            at += sum(map(len, run))
        trafs.append(box("traf", tfhd, tfdt, *truns, box("free", b"x")))
        return box("moof", full("mfhd", 0, struct.pack(">I", number + 1)), *trafs)

    @staticmethod
    def _trun(fragment: Fragment, run: tuple[bytes, ...], at: int, *, explicit: bool) -> bytes:
        """Return a `trun`; one without an offset follows the one before it."""
        flags = 0x200 | (0x100 if fragment.durations_in_runs else 0) | (1 if explicit else 0)
        head = struct.pack(">I", len(run)) + (struct.pack(">i", at) if explicit else b"")
        if fragment.first_sample_flags:
            flags |= 4
            head += b"\2\0\0\0"
        ticks = struct.pack(">I", SAMPLE_TICKS) if fragment.durations_in_runs else b""
        return full("trun", flags, head, *(ticks + struct.pack(">I", len(s)) for s in run))

    def segments(self) -> list[tuple[float, bytes]]:
        """Return what each segment holds: its time in seconds and all its samples joined."""
        made, time = [], 0
        for fragment in self.fragments:
            samples = [sample for run in fragment.runs for sample in run]
            if samples:
                made.append((time / TIMESCALE_HZ, b"".join(samples)))
            time += SAMPLE_TICKS * len(samples)
        return made


packets = st.binary(min_size=1, max_size=60).map(opus_packet)
runs = st.lists(st.lists(packets, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3)


@st.composite
def fragments(draw: st.DrawFn) -> Fragment:
    """Yield fragments of every legal shape."""
    return Fragment(
        runs=tuple(draw(runs)),
        time_version=draw(st.sampled_from([0, 1, 1])),
        base=draw(st.sampled_from(["moof", "implied", "file"])),
        video_first=draw(st.booleans()),
        durations_in_runs=draw(st.booleans()),
        first_sample_flags=draw(st.booleans()),
        before=NOISE[draw(st.sampled_from(sorted(NOISE)))],
        between=NOISE[draw(st.sampled_from(["none", "free", "emsg"]))],
        large_mdat=draw(st.booleans()),
    )


@st.composite
def mp4s(draw: st.DrawFn) -> Mp4:
    """Yield files of every legal shape."""
    return Mp4(
        tuple(draw(st.lists(fragments(), min_size=1, max_size=4))),
        with_video=draw(st.booleans()),
        duration=draw(st.sampled_from([0, 5000])),
        v1=draw(st.booleans()),
        endless=draw(st.booleans()),
    )
