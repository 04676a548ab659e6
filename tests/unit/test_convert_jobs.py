"""What S3 events ask the converter for."""

from __future__ import annotations

from typing import Any

import pytest
from jobs import Job, jobs_of, target_of


def record(key: str, name: str = "ObjectCreated:Put") -> dict[str, Any]:
    return {"eventName": name, "s3": {"bucket": {"name": "b"}, "object": {"key": key}}}


ORIGINAL = "audio-stream-files/originals/0a1b/77aa.webm"
MP3 = "audio-stream-files/mp3/0a1b/77aa.mp3"


def test_an_original_becomes_the_mp3_of_its_revision() -> None:
    jobs, skipped = jobs_of({"Records": [record(ORIGINAL)]})
    assert jobs == [Job("b", ORIGINAL, MP3, may_replace=False)]
    assert skipped == []


def test_a_multipart_upload_counts_as_created() -> None:
    jobs, _ = jobs_of({"Records": [record(ORIGINAL, "ObjectCreated:CompleteMultipartUpload")]})
    assert len(jobs) == 1


def test_an_event_twice_is_one_mp3() -> None:
    jobs, _ = jobs_of({"Records": [record(ORIGINAL), record(ORIGINAL)]})
    assert len(jobs) == 1


def test_our_own_mp3_asks_for_nothing() -> None:
    jobs, skipped = jobs_of({"Records": [record(MP3)]})
    assert jobs == []
    assert [record.key for record in skipped] == [MP3]


@pytest.mark.parametrize(
    ("encoded", "key"),
    [
        ("audio-stream-files/My+radio+show.ogg", "audio-stream-files/My radio show.ogg"),
        ("audio-stream-files/a%2Bb.ogg", "audio-stream-files/a+b.ogg"),
        ("audio-stream-files/Gr%C3%BC%C3%9Fe.ogg", "audio-stream-files/Grüße.ogg"),
    ],
)
def test_keys_arrive_encoded(encoded: str, key: str) -> None:
    jobs, _ = jobs_of({"Records": [record(encoded)]})
    assert jobs == [Job("b", key, key.replace(".ogg", ".mp3"), may_replace=True)]


@pytest.mark.parametrize(
    "key",
    [
        "somebody/else.ogg",
        "audio-stream-files/",
        "audio-stream-files/.ogg",
        "audio-stream-files/notes.txt",
        "audio-stream-files/x.mp3",
        "audio-stream-files/folder/x.ogg",
        "audio-stream-files/tracks/0a1b.json",
        "audio-stream-files/waveforms/0a1b/77aa.json",
        "audio-stream-files/originals/77aa.webm",
        "audio-stream-files/originals/0a1b/77aa",
        "audio-stream-files/originals/0a1b/.webm",
        "audio-stream-files/originals//77aa.webm",
        "audio-stream-files/originals/0a1b/deep/77aa.webm",
    ],
)
def test_foreign_keys_ask_for_nothing(key: str) -> None:
    assert target_of(key) is None


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"Records": None},
        {"Records": [{}]},
        {"Records": [{"s3": {}}]},
        {"Event": "s3:TestEvent"},
    ],
)
def test_events_without_objects_ask_for_nothing(event: dict[str, Any]) -> None:
    assert jobs_of(event) == ([], [])


def test_a_removal_asks_for_nothing() -> None:
    jobs, skipped = jobs_of({"Records": [record(ORIGINAL, "ObjectRemoved:Delete")]})
    assert jobs == []
    assert len(skipped) == 1
