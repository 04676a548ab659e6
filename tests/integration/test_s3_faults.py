"""S3 stumbles, and nothing is lost, doubled or left half-done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from botocore.retries.standard import ExponentialBackoff

from audio_stream.adapters.blob import s3_blob
from audio_stream.adapters.blob.s3 import S3BlobStore
from audio_stream.adapters.blob.s3_content import PART_BYTES
from audio_stream.domain.errors import StorageAway
from contracts.blob_store_contract import read, stored
from fakes.fault_proxy import (
    Fault,
    FaultProxy,
    answers,
    cuts_answer,
    cuts_upload,
    damages,
    hangs,
    resets,
    slows,
)
from fakes.memory_events import MemoryEvents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fakes.moto_server import Bucket

KEY = "originals/0123/abc.webm"
SMALL = bytes(range(256)) * 4000
LARGE = bytes(range(256)) * (PART_BYTES // 256) * 2 + b"end"

ANSWER_LOST = cuts_answer(0)
FAULTS: dict[str, Fault] = {
    "500": answers(500, "InternalError"),
    "503": answers(503, "ServiceUnavailable"),
    "SlowDown": answers(503, "SlowDown"),
    "reset": resets,
    "hang": hangs,
    "cut upload": cuts_upload(500_000),
    "lost answer": ANSWER_LOST,
    "cut answer": cuts_answer(20),
    "damage": damages,
    "slow": slows(4 * 2**20),
}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.01)
    monkeypatch.setattr(s3_blob, "_FIRST_PAUSE_S", 0.01)


@pytest.fixture
async def proxy(bucket: Bucket) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(bucket.url) as proxy:
        yield proxy


@pytest.fixture
async def store(
    bucket: Bucket, proxy: FaultProxy, request: pytest.FixtureRequest
) -> AsyncIterator[S3BlobStore]:
    # A busy machine shall not look like a fault; only what hangs is not worth waiting for.
    patience_s = 1.0 if "hang" in request.node.name else 60.0
    options = bucket.options(endpoint_url=proxy.url, attempts=4, read_timeout_s=patience_s)
    async with S3BlobStore(options, events=MemoryEvents()) as store:
        yield store


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small"
    path.write_bytes(SMALL)
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    return path


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_file_arrives_whole_whatever_happens_to_its_first_sending(
    store: S3BlobStore, proxy: FaultProxy, bucket: Bucket, small: Path, fault: Fault
) -> None:
    proxy.plan(fault, on="^PUT")
    await store.put(KEY, small, mime_type="audio/webm")
    assert bucket.bytes_of(KEY) == SMALL
    assert await store.trouble() is None


PARTS = {
    "begin": "^POST .*[?&]uploads",
    "part": "^PUT .*partNumber=2",
    "complete": "^POST .*uploadId",
}


@pytest.mark.parametrize("step", PARTS)
@pytest.mark.parametrize("fault", ["SlowDown", "reset", "lost answer"])
async def test_a_file_in_parts_arrives_whole_whichever_step_fails_once(
    store: S3BlobStore, proxy: FaultProxy, large: Path, step: str, fault: str
) -> None:
    proxy.plan(FAULTS[fault], on=PARTS[step])
    await store.put(KEY, large, mime_type="audio/webm")
    assert await stored(store, KEY) == LARGE


async def test_what_is_there_already_is_adopted_not_sent_again(
    store: S3BlobStore, proxy: FaultProxy, small: Path, large: Path
) -> None:
    for number, source in enumerate((small, large)):
        await store.put(f"a/{number}", source, mime_type="audio/webm")
        proxy.requests.clear()
        await store.put(f"a/{number}", source, mime_type="audio/webm")
        assert proxy.count("^PUT|^POST") == 0


async def test_of_two_that_send_the_same_file_the_later_adopts_it(
    store: S3BlobStore, proxy: FaultProxy, bucket: Bucket, small: Path
) -> None:
    bucket.put(f"audio-stream-files/{KEY}", SMALL)
    before = bucket.head(KEY)["LastModified"]
    proxy.plan(answers(404, "NoSuchKey"), on="^HEAD")  # it comes while we look
    await store.put(KEY, small, mime_type="audio/webm")
    assert proxy.count("^PUT") == 1  # with If-None-Match, so it was refused
    assert bucket.head(KEY)["LastModified"] == before


async def test_an_upload_completed_by_a_request_whose_answer_was_lost_is_adopted(
    store: S3BlobStore, proxy: FaultProxy, bucket: Bucket, large: Path
) -> None:
    complete = PARTS["complete"]
    proxy.plan(ANSWER_LOST, on=complete)
    proxy.plan(answers(404, "NoSuchUpload"), on=complete)
    await store.put(KEY, large, mime_type="audio/webm")
    assert proxy.count("partNumber") == 3
    assert bucket.bytes_of(KEY) == LARGE


async def test_what_differs_under_a_key_is_replaced_even_if_its_size_is_the_same(
    store: S3BlobStore, bucket: Bucket, small: Path
) -> None:
    bucket.put(f"audio-stream-files/{KEY}", SMALL[::-1])
    await store.put(KEY, small, mime_type="audio/webm")
    assert bucket.bytes_of(KEY) == SMALL


async def test_bytes_are_verified_too(
    store: S3BlobStore, proxy: FaultProxy, bucket: Bucket
) -> None:
    proxy.plan(damages, on="^PUT")
    with pytest.raises(StorageAway, match="not what was sent"):
        await store.put("tracks/1.json", b"manifest", mime_type="application/json")
    await store.put("tracks/1.json", b"manifest", mime_type="application/json")
    assert bucket.bytes_of("tracks/1.json") == b"manifest"


async def test_what_stays_damaged_on_its_way_is_never_taken_for_stored(
    store: S3BlobStore, proxy: FaultProxy, small: Path
) -> None:
    proxy.plan(damages, on="^PUT", times=100)
    with pytest.raises(StorageAway, match="not what was sent"):
        await store.put(KEY, small, mime_type="audio/webm")


async def test_an_upload_that_is_given_up_is_aborted(
    store: S3BlobStore, proxy: FaultProxy, bucket: Bucket, large: Path
) -> None:
    proxy.plan(answers(403, "AccessDenied"), on="partNumber=2")
    with pytest.raises(StorageAway, match="AccessDenied"):
        await store.put(KEY, large, mime_type="audio/webm")
    assert proxy.count("^DELETE") == 1
    assert bucket.unfinished_uploads() == []
    assert bucket.keys() == []


async def test_a_404_to_what_is_sent_is_s3s_trouble_not_a_missing_blob(
    store: S3BlobStore, proxy: FaultProxy, small: Path
) -> None:
    proxy.plan(answers(404, "NoSuchKey"), on="^PUT", times=2)
    for source in (small, b"bytes"):
        with pytest.raises(StorageAway):
            await store.put(KEY, source, mime_type="audio/webm")


async def test_a_cancelled_upload_is_aborted(
    store: S3BlobStore, proxy: FaultProxy, bucket: Bucket, large: Path
) -> None:
    proxy.plan(hangs, on="partNumber=2")
    putting = asyncio.create_task(store.put(KEY, large, mime_type="audio/webm"))
    await proxy.came("partNumber=2")
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert bucket.unfinished_uploads() == []


async def test_a_server_without_conditional_writes_is_written_to_all_the_same(
    store: S3BlobStore, proxy: FaultProxy, bucket: Bucket, small: Path
) -> None:
    proxy.plan(answers(501, "NotImplemented"), on="^PUT")
    await store.put(KEY, small, mime_type="audio/webm")
    assert bucket.bytes_of(KEY) == SMALL


READ_FAULTS: dict[str, Fault] = FAULTS | {"cut after pieces": cuts_answer(700_000)}
del READ_FAULTS["damage"], READ_FAULTS["cut upload"]


@pytest.mark.parametrize("fault", READ_FAULTS.values(), ids=READ_FAULTS)
async def test_a_broken_answer_is_read_on_where_it_broke(
    store: S3BlobStore, proxy: FaultProxy, bucket: Bucket, fault: Fault
) -> None:
    bucket.put(f"audio-stream-files/{KEY}", SMALL)
    proxy.plan(fault, on="^GET")
    blob = await store.open(KEY)
    assert await read(blob, 10, len(SMALL) - 20) == SMALL[10:-10]


async def test_an_answer_that_always_breaks_off_is_an_error_not_a_short_blob(
    store: S3BlobStore, proxy: FaultProxy, bucket: Bucket
) -> None:
    bucket.put(f"audio-stream-files/{KEY}", SMALL)
    blob = await store.open(KEY)
    proxy.plan(cuts_answer(300), on="^GET", times=100)
    with pytest.raises(StorageAway):
        await read(blob)


async def test_while_s3_is_away_it_is_told_and_when_it_is_back_all_is_well(
    bucket: Bucket, proxy: FaultProxy, small: Path
) -> None:
    options = bucket.options(endpoint_url=proxy.url, attempts=1)
    async with S3BlobStore(options, events=MemoryEvents()) as store:
        await _be_away_and_come_back(store, proxy, small)


async def _be_away_and_come_back(store: S3BlobStore, proxy: FaultProxy, small: Path) -> None:
    proxy.plan(resets, times=1000)
    for call in (
        store.put(KEY, small, mime_type="audio/webm"),
        store.put(KEY, b"bytes", mime_type="audio/webm"),
        store.open(KEY),
        store.delete(KEY),
        anext(aiter(store.list(""))),
    ):
        with pytest.raises(StorageAway):
            await call
    assert "storage is away" in (await store.trouble() or "")
    proxy.mend()
    assert await store.trouble() is None
    await store.put(KEY, small, mime_type="audio/webm")
    assert await stored(store, KEY) == SMALL
