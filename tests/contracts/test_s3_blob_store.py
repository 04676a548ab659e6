"""The blob store in S3 keeps the contract of all blob stores, and what is S3's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from audio_stream.adapters.blob.s3 import S3BlobStore
from audio_stream.adapters.blob.s3_client import S3Options
from audio_stream.adapters.blob.s3_content import PART_BYTES
from audio_stream.domain.errors import BlobNotFound, StorageAway, StorageFailed
from audio_stream.domain.events import UploadProgressed
from contracts.blob_store_contract import KEY, LONG, BlobStoreContract, keys, put, read, stored
from fakes.memory_events import MemoryEvents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fakes.moto_server import Bucket

TRACK = "0123456789abcdef" * 2
LARGE = bytes(range(256)) * (PART_BYTES // 256) * 2 + b"end"


class LikeAws(S3Options):
    """Sends checksums as only AWS is sure to understand them."""

    sends_checksums = True


@pytest.fixture
def events() -> MemoryEvents:
    return MemoryEvents()


@pytest.fixture
async def store(bucket: Bucket, events: MemoryEvents) -> AsyncIterator[S3BlobStore]:
    async with S3BlobStore(bucket.options(), events=events) as store:
        yield store


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    return path


class TestS3BlobStore(BlobStoreContract):
    @pytest.fixture
    async def store(self, bucket: Bucket) -> AsyncIterator[S3BlobStore]:
        async with S3BlobStore(bucket.options(), events=MemoryEvents()) as store:
            yield store


async def test_objects_lie_below_the_originals_prefix_with_their_media_type(
    store: S3BlobStore, bucket: Bucket
) -> None:
    await store.put(KEY, b"x", mime_type="audio/webm")
    assert bucket.keys() == [f"audio-stream-files/{KEY}"]
    assert bucket.head(KEY)["ContentType"] == "audio/webm"


async def test_strangers_objects_are_not_listed(store: S3BlobStore, bucket: Bucket) -> None:
    bucket.put("elsewhere/a.json", b"")
    bucket.put("audio-stream-files/My Radio Show.ogg", b"")
    bucket.put("audio-stream-files/", b"")
    await put(store, KEY, b"x")
    assert await keys(store, "") == [KEY]


@pytest.mark.parametrize("like_aws", [False, True])
async def test_a_large_file_goes_in_parts_and_comes_back_whole(
    bucket: Bucket, large: Path, like_aws: bool
) -> None:
    options = bucket.options()
    if like_aws:
        options = LikeAws(bucket=bucket.name, endpoint_url=bucket.url)
    async with S3BlobStore(options, events=MemoryEvents()) as store:
        await put(store, KEY, large)
        assert bucket.head(KEY)["ETag"].endswith('-3"')
        blob = await store.open(KEY)
        assert await read(blob) == LARGE
        assert await read(blob, PART_BYTES - 1, 2) == LARGE[PART_BYTES - 1 :][:2]
        await put(store, KEY, large)
        await put(store, "small", b"x")
        assert await stored(store, "small") == b"x"
    assert bucket.unfinished_uploads() == []


async def test_as_many_bytes_as_one_part_holds_go_in_one_request(
    store: S3BlobStore, bucket: Bucket, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(LARGE[:PART_BYTES])
    await put(store, KEY, source)
    assert "-" not in bucket.head(KEY)["ETag"]


async def test_an_object_made_in_other_parts_is_known_again(
    store: S3BlobStore, bucket: Bucket, tmp_path: Path
) -> None:
    bucket.begin_upload(KEY)
    upload = bucket.client.list_multipart_uploads(Bucket=bucket.name)["Uploads"][0]
    target = {key: upload[key] for key in ("Key", "UploadId")} | {"Bucket": bucket.name}
    part = bucket.client.list_parts(**target)["Parts"][0]
    told = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    bucket.client.complete_multipart_upload(**target, MultipartUpload=told)
    before = bucket.head(KEY)
    source = tmp_path / "source"
    source.write_bytes(b"abandoned")
    await put(store, KEY, source)
    assert bucket.head(KEY)["ETag"] == before["ETag"]


async def test_what_a_killed_process_began_is_aborted_by_the_next_upload(
    store: S3BlobStore, bucket: Bucket, large: Path
) -> None:
    bucket.begin_upload(KEY)
    bucket.begin_upload(f"{KEY}.other")
    await put(store, KEY, large)
    assert bucket.unfinished_uploads() == [f"audio-stream-files/{KEY}.other"]


@pytest.mark.parametrize("size_bytes", [1, PART_BYTES + 1])
async def test_labels_become_metadata_that_a_header_can_carry(
    store: S3BlobStore, bucket: Bucket, tmp_path: Path, size_bytes: int
) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(size_bytes))
    labels = {"title": "Grüße 50 %+", "created-at": "2026-01-02T03:04:05+00:00", "long": "🎙" * 200}
    await store.put(KEY, source, mime_type="audio/webm", labels=labels)
    metadata = bucket.head(KEY)["Metadata"]
    assert metadata["created-at"] == labels["created-at"]
    assert unquote(metadata["title"]) == labels["title"]
    assert 100 < len(unquote(metadata["long"])) < 200
    assert sum(len(name) + len(text) for name, text in metadata.items()) < 2048


async def test_what_is_announced_again_keeps_its_bytes_type_and_labels(
    store: S3BlobStore, bucket: Bucket, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(LONG)
    await store.put(KEY, source, mime_type="audio/webm", labels={"title": "A"})
    before = bucket.head(KEY)
    await store.announce(KEY)
    after = bucket.head(KEY)
    assert bucket.bytes_of(KEY) == LONG
    for field in ("ContentType", "Metadata", "ETag"):
        assert after[field] == before[field]


async def test_what_is_not_there_cannot_be_announced(store: S3BlobStore) -> None:
    with pytest.raises(BlobNotFound):
        await store.announce(KEY)


async def test_pages_are_told_of_an_upload_at_once_and_then_at_most_once_a_second(
    store: S3BlobStore, events: MemoryEvents, large: Path
) -> None:
    key = f"originals/{TRACK}/abc.webm"
    await put(store, key, large)
    assert events.published[0] == UploadProgressed(TRACK, key, 0, len(LARGE))  # type: ignore[arg-type]
    events.published.clear()
    report = store._progress_of(key)
    for sent_bytes in range(100):
        report(sent_bytes, 100)
    assert events.published == [UploadProgressed(TRACK, key, 0, 100)]  # type: ignore[arg-type]


async def test_a_source_that_is_not_there_is_this_machines_trouble(
    store: S3BlobStore, tmp_path: Path
) -> None:
    with pytest.raises(StorageFailed) as caught:
        await put(store, KEY, tmp_path / "missing")
    assert not isinstance(caught.value, StorageAway)
    assert await keys(store, "") == []


@pytest.mark.parametrize(
    "wrong", [{"profile": "no-such"}, {"endpoint_url": "no-such"}, {"region": "no such"}]
)
async def test_options_that_cannot_be_right_are_told_at_once(
    bucket: Bucket, wrong: dict[str, Any]
) -> None:
    with pytest.raises(StorageAway, match=next(iter(wrong.values()))):
        async with S3BlobStore(replace(bucket.options(), **wrong), events=MemoryEvents()):
            pass


async def test_a_bucket_that_is_not_there_is_told_in_words(bucket: Bucket) -> None:
    options = bucket.options()
    missing = S3Options(bucket="no-such-bucket", endpoint_url=options.endpoint_url)
    async with S3BlobStore(missing, events=MemoryEvents()) as store:
        with pytest.raises(StorageAway, match="bucket does not exist"):
            await put(store, KEY, LONG)
        assert "bucket does not exist" in (await store.trouble() or "")


async def test_announcing_an_object_again_changes_nothing_but_its_date(bucket: Bucket) -> None:
    async with S3BlobStore(bucket.options(), events=MemoryEvents()) as store:
        await store.put("originals/a/1.webm", b"sound", mime_type="audio/webm")
        before = bucket.client.head_object(Bucket=bucket.name, Key=bucket.keys()[0])
        await store.announce("originals/a/1.webm")
        after = bucket.client.head_object(Bucket=bucket.name, Key=bucket.keys()[0])
        assert bucket.bytes_of("originals/a/1.webm") == b"sound"
        assert after["ContentType"] == before["ContentType"]
        assert after["Metadata"] == before["Metadata"]
        with pytest.raises(BlobNotFound):
            await store.announce("originals/a/2.webm")
