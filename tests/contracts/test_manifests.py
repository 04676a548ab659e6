"""Manifests keep their contract, and survive what is found in a folder years later."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from audio_stream.adapters.blob.manifest import write_manifest
from audio_stream.adapters.blob.manifests import BlobManifests
from audio_stream.domain.errors import BlobNotFound, StorageAway, StorageFailed, StorageFull
from audio_stream.domain.tracks import manifest_key
from audio_stream.usecases.ports import Manifests
from contracts.examples import FULL_TRACK, track
from contracts.manifests_contract import ManifestsContract, read_all
from fakes.memory_blob_store import MemoryBlobStore
from fakes.memory_manifests import MemoryManifests

KEY = manifest_key(FULL_TRACK.id)


class TestMemoryManifests(ManifestsContract):
    @pytest.fixture
    async def manifests(self) -> Manifests:
        return MemoryManifests()

    async def test_a_switch_fails_one_call(self) -> None:
        manifests = MemoryManifests()
        manifests.fail_next = StorageFull()
        with pytest.raises(StorageFull):
            await manifests.write(track(1))
        await manifests.write(track(1))
        assert await read_all(manifests) == [track(1)]


class TestBlobManifests(ManifestsContract):
    @pytest.fixture
    def blobs(self) -> MemoryBlobStore:
        return MemoryBlobStore()

    @pytest.fixture
    async def manifests(self, blobs: MemoryBlobStore) -> Manifests:
        return BlobManifests(blobs)

    async def test_a_note_is_json_that_people_can_read(
        self, manifests: Manifests, blobs: MemoryBlobStore
    ) -> None:
        await manifests.write(FULL_TRACK)
        assert blobs.mime_types[KEY] == "application/json"
        assert "\n" in blobs.blobs[KEY].decode()
        note = json.loads(blobs.blobs[KEY])
        assert note["manifest_version"] == 1
        assert note["title"] == FULL_TRACK.title
        assert note["created_at"] == "2024-02-29T12:00:00.123456Z"
        assert note["original"]["key"] == "originals/0/r2.webm"
        assert "version" not in note

    async def test_the_stores_errors_come_through(
        self, manifests: Manifests, blobs: MemoryBlobStore
    ) -> None:
        blobs.fail_next_put = StorageFull()
        with pytest.raises(StorageFull):
            await manifests.write(FULL_TRACK)

    @pytest.mark.parametrize("error", [StorageFailed("EIO"), StorageFull()])
    async def test_a_store_that_cannot_be_listed_is_no_empty_one(
        self, manifests: Manifests, blobs: MemoryBlobStore, error: Exception
    ) -> None:
        blobs.fail_next = error
        with pytest.raises(type(error)):
            await read_all(manifests)

    @pytest.mark.parametrize(
        "changes",
        [
            {"manifest_version": 2},
            {"manifest_version": "one"},
            {"id": "../../etc/passwd"},
            {"id": track(1).id},
            {"station": "No Station"},
            {"created_at": "yesterday"},
            {"created_at": "2024-02-29T12:00:00"},
            {"state": "perfect"},
            {"mp3": None},
        ],
    )
    async def test_what_cannot_be_understood_is_logged_and_passed_over(
        self, manifests: Manifests, blobs: MemoryBlobStore, changes: dict[str, Any]
    ) -> None:
        await manifests.write(track(1))
        note = json.loads(write_manifest(FULL_TRACK)) | changes
        await put(blobs, json.dumps(note).encode())
        with capture_logs() as log:
            assert await read_all(manifests) == [track(1)]
        assert [(line["event"], line["key"]) for line in log] == [("manifest_passed_over", KEY)]

    @pytest.mark.parametrize(
        "data", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"manifest_version":', b"[" * 99_999]
    )
    async def test_what_is_no_manifest_is_logged_and_passed_over(
        self, manifests: Manifests, blobs: MemoryBlobStore, data: bytes
    ) -> None:
        await manifests.write(track(1))
        await put(blobs, data)
        with capture_logs() as log:
            assert await read_all(manifests) == [track(1)]
        assert len(log) == 1

    async def test_a_huge_file_is_not_read_at_all(
        self, manifests: Manifests, blobs: MemoryBlobStore
    ) -> None:
        await put(blobs, write_manifest(FULL_TRACK) + b" " * 300_000)
        with capture_logs() as log:
            assert await read_all(manifests) == []
        assert "300" in log[0]["reason"]

    async def test_fields_of_a_later_program_are_passed_over(
        self, manifests: Manifests, blobs: MemoryBlobStore
    ) -> None:
        note = json.loads(write_manifest(FULL_TRACK))
        note["mood"] = note["mp3"]["loudness"] = "unknown here"
        await put(blobs, json.dumps(note).encode())
        assert await read_all(manifests) == [FULL_TRACK]

    async def test_a_note_deleted_since_it_was_listed_is_no_news(
        self, manifests: Manifests, blobs: MemoryBlobStore
    ) -> None:
        await manifests.write(track(1))
        await manifests.write(track(2))
        reading = aiter(manifests.read_all())
        assert await anext(reading) == track(1)
        blobs.fail_next = BlobNotFound(manifest_key(track(2).id))
        with capture_logs() as log:
            assert [one async for one in reading] == []
        assert log == []

    async def test_a_note_on_a_bad_spot_of_the_disk_does_not_hide_the_others(
        self, manifests: Manifests, blobs: MemoryBlobStore
    ) -> None:
        for number in (1, 2, 3):
            await manifests.write(track(number))
        reading = aiter(manifests.read_all())
        assert await anext(reading) == track(1)
        blobs.fail_next = StorageFailed("EIO")
        with capture_logs() as log:
            assert [one async for one in reading] == [track(3)]
        assert log[0]["key"] == manifest_key(track(2).id)

    async def test_a_store_that_is_away_is_no_damaged_note(
        self, manifests: Manifests, blobs: MemoryBlobStore
    ) -> None:
        for number in (1, 2):
            await manifests.write(track(number))
        reading = aiter(manifests.read_all())
        assert await anext(reading) == track(1)
        blobs.fail_next = StorageAway("no answer")
        with pytest.raises(StorageAway):
            await anext(reading)

    @pytest.mark.parametrize("key", ["tracks/readme.json", "tracks/0/1.json", KEY + ".json"])
    async def test_strangers_beside_the_notes_have_no_id(
        self, manifests: Manifests, blobs: MemoryBlobStore, key: str
    ) -> None:
        await manifests.write(track(1))
        await blobs.put(key, b"mine", mime_type="text/plain")
        assert [track_id async for track_id in manifests.list_ids()] == [track(1).id]

    async def test_a_damaged_note_is_none_and_still_has_an_id(
        self, manifests: Manifests, blobs: MemoryBlobStore
    ) -> None:
        await put(blobs, b"{")
        with capture_logs():
            assert await manifests.read(FULL_TRACK.id) is None
        assert [track_id async for track_id in manifests.list_ids()] == [FULL_TRACK.id]


async def put(blobs: MemoryBlobStore, data: bytes) -> None:
    await blobs.put(KEY, data, mime_type="application/json")
