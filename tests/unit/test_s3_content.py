"""A content is known again by what S3 tells of it, and by nothing less."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_stream.adapters.blob import s3_content
from audio_stream.adapters.blob.s3_content import PART_BYTES, Content, Section, read_content

if TYPE_CHECKING:
    from pathlib import Path

SMALL = read_content(b"small")
LARGE = read_content(b"l" * (PART_BYTES + 1))


def sha256(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def test_of_one_part_the_etag_is_its_md5() -> None:
    assert SMALL.etag == f'"{hashlib.md5(b"small", usedforsecurity=False).hexdigest()}"'
    assert SMALL.checksums == {sha256(b"small")}


def test_of_two_parts_etag_and_checksum_are_made_of_theirs() -> None:
    md5s = b"".join(part.md5 for part in LARGE.parts)
    assert LARGE.etag == f'"{hashlib.md5(md5s, usedforsecurity=False).hexdigest()}-2"'
    together = sha256(b"".join(part.sha256 for part in LARGE.parts))
    assert LARGE.checksums == {together, f"{together}-2"}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"ETag": SMALL.etag}, True),
        ({"ETag": SMALL.etag, "ChecksumSHA256": sha256(b"small")}, True),
        ({"ETag": SMALL.etag, "ChecksumSHA256": sha256(b"other")}, False),
        ({"ETag": '"0123"', "ChecksumSHA256": sha256(b"small")}, False),
        ({"ETag": '"0123"'}, False),
        ({}, False),
        (
            {
                "ETag": '"0123"',
                "ServerSideEncryption": "aws:kms",
                "ChecksumSHA256": sha256(b"small"),
            },
            True,
        ),
        ({"ETag": '"0123"', "ServerSideEncryption": "aws:kms"}, False),
        (
            {
                "ETag": '"0123"',
                "ServerSideEncryption": "aws:kms",
                "ChecksumSHA256": sha256(b"other"),
            },
            False,
        ),
    ],
)
def test_only_a_right_etag_or_of_an_encrypted_object_a_right_checksum_tells(
    answer: dict[str, object], told: bool
) -> None:
    assert SMALL.is_told_by(answer) is told


def test_nothing_has_one_empty_part() -> None:
    assert [part.size_bytes for part in read_content(b"").parts] == [0]


def test_a_file_of_any_size_has_at_most_ten_thousand_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_content, "PART_BYTES", 2)
    content = read_content(bytes(30_001))
    assert len(content.parts) <= 10_000
    assert sum(part.size_bytes for part in content.parts) == 30_001


@given(data=st.binary(max_size=200), part_bytes=st.integers(1, 50))
def test_a_file_and_its_bytes_are_one_content_whose_parts_are_the_whole(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, part_bytes: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "content"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(s3_content, "PART_BYTES", part_bytes)
        of_file, of_bytes = read_content(path), read_content(data)
    assert of_file.parts == of_bytes.parts
    assert of_file.sha256 == hashlib.sha256(data).digest()
    for content in (of_file, of_bytes):
        assert whole(content) == data


def whole(content: Content) -> bytes:
    return b"".join(content.body(part).read() for part in content.parts)


def test_a_section_is_read_and_sought_like_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    section = Section(path, 2, 5)
    assert section.read(2) == b"23"
    assert section.tell() == 2
    assert section.read() == b"456"
    assert section.read(1) == b""
    assert section.seek(0, io.SEEK_END) == 5
    assert section.seek(-4, io.SEEK_CUR) == 1
    assert section.read(1) == b"3"
    assert section.seek(0) == 0
    assert section.read(100) == b"23456"
