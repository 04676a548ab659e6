"""The one owner of ffmpeg's argument lists: pure, the standard library and the domain only.

Every input is untrusted. Its demuxer is forced, so that a playlist or a concat script is taken
for broken audio, not for instructions; only files and pipes may be opened, never the network.
Every output is bit-exact: the same bytes in give the same bytes out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio_stream.domain.containers.container import Container

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

_QUIET = ("-nostdin", "-hide_banner", "-v", "error", "-y")

PCM_RATE_HZ = 8000
"""The sample rate of `decode_pcm`: enough to see a waveform's shape."""

_DEMUXERS = {
    Container.WEBM: "matroska",
    Container.OGG: "ogg",
    Container.MP4: "mov",
    Container.MP3: "mp3",
    Container.WAV: "wav",
    Container.FLAC: "flac",
    Container.ADTS: "aac",
}

# A gap in the source's timestamps becomes silence, so that what is decoded has the length that
# players show for the source; below a tenth of a second it is the clock's jitter.
_KEEP_TIME = "aresample=async=1:min_hard_comp=0.1:first_pts=0"

# MP4 wants AAC frames without the header that each has in a stream.
_WITHOUT_ADTS = {Container.ADTS: ("aac_adtstoasc",)}

_RETIME = r"setts=ts=if(N\,PREV_OUTPTS+PREV_OUTDURATION\,0)"

# Without dates, versions and random ids; what the source says of itself is not trusted either.
_EXACT = (
    *("-map_metadata", "-1", "-map_chapters", "-1"),
    *("-fflags", "+bitexact", "-flags:a", "+bitexact"),
)

# A pipe is flushed at every line unless it is told not to be, which wakes the reader for each.
_LISTING = ("-f", "framehash", "-hash", "md5", "-flush_packets", "0", "pipe:1")

_MP3_BITRATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a seekable copy."""

    container: Container
    arguments: tuple[str, ...]
    indexed_ahead: bool = False
    """Room for the index is kept before the audio: a player seeks without looking at the end."""


_WEBM = Form(Container.WEBM, ("-f", "webm"), indexed_ahead=True)
_WEBM_INDEX_LAST = Form(Container.WEBM, ("-f", "webm"))
_OGG = Form(Container.OGG, ("-f", "ogg"))
_MP4 = Form(Container.MP4, ("-f", "mp4", "-movflags", "+faststart"))
# ffmpeg 5.1 does not know how long Chromium's last Opus packet is, and its edit list cuts it off.
_MP4_NO_EDITS = Form(Container.MP4, (*_MP4.arguments, "-use_editlist", "0"))
_MP3 = Form(Container.MP3, ("-f", "mp3", "-id3v2_version", "3", "-write_xing", "1"))
_WAV = Form(Container.WAV, ("-f", "wav", "-rf64", "auto"))
_FLAC = Form(Container.FLAC, ("-f", "flac"))

_OWN_FORMS = {
    Container.WEBM: (_WEBM, _WEBM_INDEX_LAST),
    Container.OGG: (_OGG,),
    Container.MP4: (_MP4, _MP4_NO_EDITS),
    Container.MP3: (_MP3,),
    Container.WAV: (_WAV,),
    Container.FLAC: (_FLAC,),
    # Bare AAC frames have neither duration nor index; every player takes them in MP4.
    Container.ADTS: (_MP4, _MP4_NO_EDITS),
}
_CODEC_FORMS = {
    "opus": (_WEBM, _OGG),
    "vorbis": (_WEBM, _OGG),
    "aac": (_MP4,),
    "mp3": (_MP3,),
    "flac": (_FLAC,),
}


def copy_forms(container: Container, codec: str) -> Sequence[Form]:
    """Return the ways to write a copy, best first: the source's container, then the codec's."""
    return tuple(dict.fromkeys((*_OWN_FORMS[container], *_CODEC_FORMS.get(codec, ()))))


def list_packets(source: Path, container: Container) -> list[str]:
    """Print one line per packet, with its size and hash, to standard output (`framehash`)."""
    filters = _WITHOUT_ADTS.get(container, ())
    copied = ["-c", "copy", *(["-bsf:a", ",".join(filters)] if filters else [])]
    return [*_read(source, container), *copied, *_LISTING]


def copy_packets(
    source: Path,
    container: Container,
    target: Path,
    form: Form,
    *,
    duration_s: float,
    retimed: bool = False,
) -> list[str]:
    """Copy the packets, unchanged, into a seekable file of about that duration.

    `retimed` puts one right after the other, whatever their times were.
    """
    filters = [*_WITHOUT_ADTS.get(container, ()), *([_RETIME] if retimed else [])]
    copied = ["-c", "copy", *(["-bsf:a", ",".join(filters)] if filters else []), *_EXACT]
    index = ["-reserve_index_space", _index_bytes(duration_s)] if form.indexed_ahead else []
    return [*_read(source, container), *copied, *form.arguments, *index, *_write(target)]


def encode_mp3(
    source: Path,
    container: Container,
    target: Path,
    *,
    bitrate: str,
    title: str,
    created_at: datetime,
) -> list[str]:
    """Encode an MP3 with the tags TIT2 and TYER/TDAT (ID3v2.3, which everything reads).

    Beside it, the source's packets are listed as `list_packets` does. An empty title is left out.
    LAME takes the nearest bit rate that the sample rate allows.
    """
    tags = ["-metadata", f"title={title}"] if title else []
    tags += ["-metadata", f"date={created_at.date().isoformat()}"]
    encoded = ["-af", _KEEP_TIME, "-c:a", "libmp3lame", "-b:a", bitrate]
    mp3 = [*encoded, *_EXACT, *tags, *_MP3.arguments, *_write(target)]
    return [*_read(source, container), *mp3, "-map", "0:a:0", "-c", "copy", *_LISTING]


def decode_pcm(source: Path, container: Container) -> list[str]:
    """Write mono 16-bit little-endian samples at PCM_RATE_HZ to standard output."""
    decoded = ["-af", _KEEP_TIME, "-c:a", "pcm_s16le", "-ac", "1", "-ar", str(PCM_RATE_HZ)]
    return [*_read(source, container), *decoded, "-f", "s16le", "pipe:1"]


def live_mp3(container: Container, *, bitrate: str) -> list[str]:
    """Turn standard input into MP3 on standard output, each frame as soon as it can be.

    No frame leans on the one before (the bit reservoir), so that one can begin with any.
    """
    quick = ["-fflags", "nobuffer", "-probesize", "32", "-analyzeduration", "0"]
    read = [*_safely(container, "pipe"), "-i", "pipe:0", "-map", "0:a:0"]
    encoded = ["-c:a", "libmp3lame", "-b:a", bitrate, "-reservoir", "0", *_EXACT]
    frames = ["-f", "mp3", "-write_xing", "0", "-id3v2_version", "0", "-flush_packets", "1"]
    return [*_QUIET, *quick, *read, *encoded, *frames, "-threads", "1", "pipe:1"]


def check_bitrate(bitrate: str) -> str:
    """Return `bitrate`, e.g. `320k`. Raises ValueError for what MP3 does not have."""
    match = re.fullmatch(r"([0-9]{2,3})k", bitrate)
    if not match or int(match[1]) not in _MP3_BITRATES:
        rates = ", ".join(f"{rate}k" for rate in _MP3_BITRATES)
        raise ValueError(f"must be a bit rate that MP3 has: one of {rates}")
    return bitrate


def _read(source: Path, container: Container) -> list[str]:
    # A packet cut off by the end of the file is none; only MP4's demuxer hands such on.
    whole = ["-fflags", "+discardcorrupt"] if container is Container.MP4 else []
    safe = _safely(container, "file,pipe")
    return [*_QUIET, *whole, *safe, "-i", f"file:{source}", "-map", "0:a:0"]


def _safely(container: Container, protocols: str) -> list[str]:
    # One thread: audio gains nothing by more, and each takes address space from the limit.
    return ["-protocol_whitelist", protocols, "-threads", "1", "-f", _DEMUXERS[container]]


def _write(target: Path) -> list[str]:
    return ["-threads", "1", f"file:{target}"]


def _index_bytes(duration_s: float) -> str:
    # A cluster each 5 s at least, and at most 32 bytes to point to it.
    return str(1024 + 32 * min(int(duration_s / 5), 1 << 20))
