"""Containers are told apart by their first bytes, however few come at first."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_stream.domain.containers.sniffing import (
    ACCEPTED_FILES,
    ACCEPTED_LIVE,
    LIVE_CONTAINERS,
    SNIFF_BYTES,
    Container,
    new_splitter,
    sniff,
)
from audio_stream.domain.errors import UnsupportedMedia
from audio_stream.domain.tracks import extension_of
from generators.webm import CRC, VOID, Cluster, WebM, el, vint

SAMPLES = Path(__file__).parents[1] / "samples"

WEBM = WebM((Cluster(0, ()),), void=True).encode()
MATROSKA = WebM((), doc_type=b"matroska").encode()
MP3_FRAME = b"\xff\xfb\x90\x64" + b"\x55" * 413
MP3 = MP3_FRAME * 3
LAYER_2 = (b"\xff\xfd\x80\x04" + b"\x55" * 413) * 3
ADTS_FRAME = b"\xff\xf1\x4c\x80\x0d\x1f\xfc" + b"\x21" * 97
ADTS = ADTS_FRAME * 3
FLAC = b"fLaC\x00\x00\x00\x22" + b"\0" * 40
WAV = b"RIFF\x24\x08\0\0WAVEfmt \x10\0\0\0" + b"\0" * 40
RF64 = b"RF64\xff\xff\xff\xffWAVEds64" + b"\0" * 40
MP4 = b"\0\0\0\x18ftypM4A \0\0\0\0M4A isom" + b"\0\0\0\x08free"
OGG = b"OggS\0\x02" + b"\0" * 40


def tagged(body: bytes, size: int = 300, flags: int = 0, footer: bytes = b"") -> bytes:
    """Put an ID3v2.4 tag before it."""
    synchsafe = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\0" + bytes([flags]) + synchsafe + b"T" * size + footer + body


KNOWN = [
    (WEBM, Container.WEBM),
    (MATROSKA, Container.WEBM),
    (el("1A45DFA3", b"\x42\x86\x81\x01") + el("18538067"), Container.WEBM),
    (OGG, Container.OGG),
    (MP4, Container.MP4),
    (WAV, Container.WAV),
    (RF64, Container.WAV),
    (FLAC, Container.FLAC),
    (tagged(FLAC), Container.FLAC),
    (MP3, Container.MP3),
    (LAYER_2, Container.MP3),
    (tagged(MP3), Container.MP3),
    (tagged(ADTS, flags=0x10, footer=b"3DI\x04\0\x10\0\0\x02\x2c"), Container.ADTS),
    (tagged(b"\0" * 200 + MP3), Container.MP3),
    (tagged(MP3, size=200_000), Container.MP3),
    (ADTS, Container.ADTS),
    (tagged(ADTS), Container.ADTS),
]


@pytest.mark.parametrize(("media", "container"), KNOWN)
def test_every_known_container_is_told_by_its_first_bytes(
    media: bytes, container: Container
) -> None:
    assert sniff(media[:SNIFF_BYTES]) is container


@pytest.mark.parametrize(("media", "container"), KNOWN)
def test_a_byte_at_a_time_it_waits_and_then_says_the_same(
    media: bytes, container: Container
) -> None:
    verdicts = [sniff(media[:n]) for n in range(min(len(media), SNIFF_BYTES) + 1)]
    told = verdicts.index(container)
    assert verdicts == [None] * told + [container] * (len(verdicts) - told)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.*")), ids=lambda path: path.name)
def test_every_recorders_output_is_told(path: Path) -> None:
    suffixes = {
        ".webm": Container.WEBM,
        ".ogg": Container.OGG,
        ".mp4": Container.MP4,
        ".mp3": Container.MP3,
    }
    if path.suffix in suffixes:
        assert sniff(path.read_bytes()[:SNIFF_BYTES]) is suffixes[path.suffix]
    else:
        with pytest.raises(UnsupportedMedia):
            sniff(path.read_bytes())


REFUSED = [
    b"#EXTM3U\n#EXTINF:1\nfile:///etc/passwd\n",
    b"ffconcat version 1.0\nfile /etc/passwd\n",
    b"<!doctype html><title>no audio</title>",
    b"<?xml version='1.0'?>",
    b"%PDF-1.7",
    b"\x89PNG\r\n\x1a\n",
    b"PK\x03\x04",
    b"\x7fELF",
    b"GIF89a",
    b"{}",
    b" ",
    b"\0" * 8,
    b"\0\0\0\x14moov",
    b"\0\x10\0\0ftyp",
    b"RIFF\0\0\0\0AVI LIST",
    b"RIFX",
    "ÿþ UTF-16".encode("utf-16"),
    b"\xff\xfb\x90\x64" + b"\x55" * 413 + b"no frame here",
    b"\xff\xfb\x90\x64" + b"\x55" * 413 + b"\xff\xfb\x98\x64",
    b"\xff\xf1\x4c\x80\x0d\x1f\xfc" + b"\x21" * 97 + b"no frame",
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01",
    b"ID3 is a way to tag MP3.",
    WebM((), doc_type=b"evil").encode(),
    b"\x1a\x45\xdf\xa3" + vint(14) + CRC + b"\x01\xff\xff\xff\xff\xff\xff\xff",
    b"\x1a\x45\xdf\xa3\xff" + VOID,
    b"\x1a\x45\xdf\xa3\0",
]


@pytest.mark.parametrize("prefix", REFUSED)
def test_anything_else_is_refused_at_once_with_what_is_accepted(prefix: bytes) -> None:
    with pytest.raises(UnsupportedMedia) as refused:
        sniff(prefix)
    assert refused.value.accepted == ACCEPTED_FILES
    assert str(refused.value).endswith("WebM, Ogg, MP4, MP3, WAV, FLAC, AAC (ADTS).")


def test_nothing_at_all_is_undecided() -> None:
    assert sniff(b"") is None
    with pytest.raises(UnsupportedMedia):
        sniff(b"", whole=True)


@pytest.mark.parametrize("prefix", [b"Ogg", b"\x1a\x45", MP4[:6], b"RIFF\0\0\0\0WA", b"I", b"\xff"])
def test_a_whole_file_that_only_begins_like_one_is_refused(prefix: bytes) -> None:
    assert sniff(prefix) is None
    with pytest.raises(UnsupportedMedia):
        sniff(prefix, whole=True)


def test_a_whole_file_of_a_single_frame_is_taken() -> None:
    assert sniff(MP3_FRAME) is None
    assert sniff(MP3_FRAME, whole=True) is Container.MP3
    assert sniff(ADTS_FRAME, whole=True) is Container.ADTS


def test_only_what_has_a_splitter_may_go_on_air() -> None:
    assert sniff(WEBM, live=True) is Container.WEBM
    with pytest.raises(UnsupportedMedia) as refused:
        sniff(WAV, live=True)
    assert refused.value.accepted == ACCEPTED_LIVE
    assert {c.label for c in LIVE_CONTAINERS} == set(ACCEPTED_LIVE)
    for container in LIVE_CONTAINERS:
        assert new_splitter(container).offset == 0
    with pytest.raises(KeyError):
        new_splitter(Container.WAV)


@pytest.mark.parametrize("container", Container)
def test_every_container_has_a_file_extension(container: Container) -> None:
    assert extension_of(container.mime_type).isalnum()


@given(st.binary(max_size=200), st.sampled_from([media[:n] for media, _ in KNOWN for n in (0, 4)]))
def test_no_prefix_makes_it_fail_otherwise(tail: bytes, head: bytes) -> None:
    for whole in (False, True):
        try:
            verdict = sniff(head + tail, whole=whole)
        except UnsupportedMedia:
            continue
        assert verdict is not None or not whole


def test_so_many_bytes_always_suffice() -> None:
    for head in (
        b"",
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f",
        b"\x1a\x45\xdf\xa3\x08\x7f\xff\xff\xff",
        MP3_FRAME[:4],
    ):
        try:
            verdict = sniff(head.ljust(SNIFF_BYTES, b"\xff"))
        except UnsupportedMedia:
            continue
        assert verdict is not None


def test_random_bytes_are_hardly_ever_taken_for_audio() -> None:
    noise = random.Random(1).randbytes(1 << 20)
    taken = 0
    for at in range(0, len(noise) - SNIFF_BYTES, 97):
        try:
            sniff(noise[at : at + SNIFF_BYTES])
        except UnsupportedMedia:
            continue
        taken += 1
    assert taken == 0
