"""The library: its pages, its search, and what can be done to a track."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from audio_stream.domain.errors import MediaToolFailed, NoAudio
from audio_stream.domain.ids import TrackId
from fakes.sounds import ogg
from served import problem_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from served import Product

SOUND = ogg(3000)
HOSTILE_TITLES = {
    "a/b\\c": "a/b\\c",
    "../../etc/passwd": "../../etc/passwd",
    "line\r\nSet-Cookie: a=b": "line Set-Cookie: a=b",
    "nul\0byte": "nulbyte",
    "\u202egnp.exe": "gnp.exe",
    '"quoted" \\ 100%': '"quoted" \\ 100%',
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "Ärger 🎙️ und 日本語": "Ärger 🎙️ und 日本語",
    "A\u0308": "Ä",
    "\ud800 alone": "alone",
    "  spaces \t\n around ": "spaces around",
    "a" * 10_000: "a" * 200,
    "👩‍👩‍👧": "👩‍👩‍👧",
}


async def rename(product: Product, track_id: str, body: object) -> Any:  # noqa: ANN401 - a response
    return await product.client.patch(
        f"/api/tracks/{track_id}", data=body if isinstance(body, bytes) else json.dumps(body)
    )


async def page(product: Product, **query: str) -> tuple[list[str], str | None]:
    """Return a page's titles, and the cursor for the next."""
    response = await product.client.get("/api/tracks", params=query)
    assert response.status == 200, await response.text()
    assert response.headers["Cache-Control"] == "no-store"
    body = await response.json()
    return [track["title"] for track in body["tracks"]], body["next_cursor"]


async def test_a_track_tells_all_that_is_known(product: Product) -> None:
    track_id = await product.record(SOUND, title="A song", station="jazz")
    track = await product.json(f"/api/tracks/{track_id}")
    assert datetime.fromisoformat(track.pop("created_at")).tzinfo is not None
    assert track.pop("name").startswith("a-song-")
    original, mp3 = track.pop("renditions")
    assert track == {
        "id": track_id,
        "title": "A song",
        "station": "jazz",
        "duration_s": pytest.approx(3000 / 8000),
        "state": "ready",
        "reason": None,
        "incomplete": False,
    }
    assert original == {
        "kind": "original",
        "state": "ready",
        "reason": None,
        "url": f"/tracks/{track_id}/audio",
        "mime_type": "audio/ogg",
        "size_bytes": 3000,
    }
    assert (mp3["kind"], mp3["state"], mp3["mime_type"]) == ("mp3", "ready", "audio/mpeg")
    for rendition in (original, mp3):
        response = await product.client.get(rendition["url"])
        assert response.headers["Content-Type"] == rendition["mime_type"]
        assert len(await response.read()) == rendition["size_bytes"]


async def test_the_type_is_what_the_bytes_say_whatever_was_claimed(product: Product) -> None:
    track_id = await product.record(SOUND, filetype="text/html")
    response = await product.client.get(f"/tracks/{track_id}/audio")
    assert response.headers["Content-Type"] == "audio/ogg"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


# -- pages and search


async def test_pages_follow_each_other_newest_first(product: Product) -> None:
    for number in range(5):
        await product.record(ogg(100 + number), title=f"Song {number}")
    first, cursor = await page(product, limit="2")
    assert first == ["Song 4", "Song 3"]
    assert cursor is not None
    await product.record(ogg(200), title="Song 5")
    second, cursor = await page(product, limit="2", cursor=cursor)
    assert second == ["Song 2", "Song 1"], "a new track shifts nothing"
    assert cursor is not None
    assert await page(product, limit="2", cursor=cursor) == (["Song 0"], None)


async def test_an_empty_library_is_an_empty_page(product: Product) -> None:
    assert await page(product) == ([], None)


@pytest.mark.parametrize(("limit", "count"), [("0", 1), ("-5", 1), ("3", 3), ("1000000000000", 3)])
async def test_any_number_is_a_limit(product: Product, limit: str, count: int) -> None:
    for number in range(3):
        await product.record(ogg(100 + number))
    assert len((await page(product, limit=limit))[0]) == count


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "many"},
        {"limit": "1.5"},
        {"limit": ""},
        {"limit": "9" * 5000},
        {"cursor": "nonsense"},
        {"cursor": "../../etc"},
        {"cursor": "AAAA"},
        {"cursor": "\0"},
    ],
)
async def test_a_query_that_makes_no_sense_is_told_so(
    product: Product, query: dict[str, str]
) -> None:
    await problem_of(await product.client.get("/api/tracks", params=query), 400)


async def test_search_finds_words_of_title_and_station(product: Product) -> None:
    await product.record(ogg(100), title="Früh am Morgen 100%", station="jazz")
    await product.record(ogg(101), title="Late show", station="jazz")
    assert (await page(product, q="FRÜH morg"))[0] == ["Früh am Morgen 100%"]
    assert (await page(product, q="jazz"))[0] == ["Late show", "Früh am Morgen 100%"]
    assert (await page(product, q="100%"))[0] == ["Früh am Morgen 100%"]
    for nothing in ("nothing", "%", "_", "'; DROP TABLE tracks; --", "\0"):
        titles, _ = await page(product, q=nothing)
        assert titles == (["Früh am Morgen 100%"] if nothing == "%" else []), nothing


# -- rename


async def test_a_track_is_renamed_and_keeps_its_address(product: Product) -> None:
    track_id = await product.record(SOUND, title="Before")
    name = (await product.json(f"/api/tracks/{track_id}"))["name"]
    response = await rename(product, track_id, {"title": "After"})
    assert response.status == 200
    assert (await response.json())["title"] == "After"
    track = await product.json(f"/api/tracks/{track_id}")
    assert (track["title"], track["name"]) == ("After", name)
    assert (await page(product, q="after"))[0] == ["After"]
    assert (await page(product, q="before"))[0] == []


@pytest.mark.parametrize(("given", "shown"), HOSTILE_TITLES.items(), ids=range(len(HOSTILE_TITLES)))
async def test_hostile_titles_are_only_text(product: Product, given: str, shown: str) -> None:
    told = {} if "\ud800" in given else {"title": given}
    track_id = await product.record(SOUND, **told)
    if told:
        assert (await product.json(f"/api/tracks/{track_id}"))["title"] == shown
    renamed = await rename(product, track_id, {"title": given})
    assert (await renamed.json())["title"] == shown
    for name, extension in (("audio", "ogg"), ("audio.mp3", "mp3")):
        response = await product.client.get(f"/tracks/{track_id}/{name}?download")
        assert response.status == 200
        assert "Set-Cookie" not in response.headers
        assert response.headers["Content-Disposition"].isascii()
        disposition = response.content_disposition
        assert disposition is not None
        assert disposition.type == "attachment"
        expected = f"{shown}.{extension}".replace("/", "-").replace("\\", "-")
        assert disposition.filename == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'"title"',
        b"null",
        b'{"title": null}',
        b'{"title": 5}',
        b'{"title": ["a"]}',
        b'{"title": ""}',
        b'{"title": " \\u0000\\u202e "}',
        b"\xff\xfe\x00",
        b"[" * 60_000,
    ],
)
async def test_a_title_that_is_none_is_refused(product: Product, body: bytes) -> None:
    track_id = await product.record(SOUND, title="Before")
    await problem_of(await rename(product, track_id, body), 400)
    assert (await product.json(f"/api/tracks/{track_id}"))["title"] == "Before"


async def test_a_body_in_many_packets_is_read_whole(product: Product) -> None:
    track_id = await product.record(SOUND)

    async def pieces() -> AsyncIterator[bytes]:
        for byte in b'{"title": "After"}':
            yield bytes([byte])

    response = await product.client.patch(f"/api/tracks/{track_id}", data=pieces())
    assert response.status == 200


# -- what is not there yet, or never


async def test_a_track_in_the_making_can_be_renamed_and_does_not_play_yet(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product.container.work(), "schedule", lambda _: None)
    track_id = await product.record(SOUND)
    track = await product.json(f"/api/tracks/{track_id}")
    assert track["state"] == "processing"
    assert [r["url"] for r in track["renditions"]] == [None, None]
    for name in ("audio", "audio.mp3", "waveform.json"):
        await problem_of(await product.client.get(f"/tracks/{track_id}/{name}"), 404)
    assert (await rename(product, track_id, {"title": "After"})).status == 200
    monkeypatch.undo()
    product.container.work().schedule(TrackId(track_id))
    await product.settle()
    track = await product.json(f"/api/tracks/{track_id}")
    assert (track["state"], track["title"]) == ("ready", "After")


async def test_a_failed_track_says_why(product: Product) -> None:
    product.media.fail_next_finalise = MediaToolFailed("It makes no sense.")
    track_id = await product.record(SOUND)
    track = await product.json(f"/api/tracks/{track_id}")
    assert (track["state"], track["reason"]) == ("failed", "It makes no sense.")
    problem = await problem_of(await product.client.get(f"/tracks/{track_id}/audio"), 404)
    assert "It makes no sense." in problem["detail"]


async def test_a_failed_mp3_says_why_and_the_original_plays(product: Product) -> None:
    product.media.fail_next_mp3 = MediaToolFailed("Out of memory.")
    track_id = await product.record(SOUND)
    track = await product.json(f"/api/tracks/{track_id}")
    assert track["state"] == "ready"
    assert (track["renditions"][1]["state"], track["renditions"][1]["reason"]) == (
        "failed",
        "Out of memory.",
    )
    problem = await problem_of(await product.client.get(f"/tracks/{track_id}/audio.mp3"), 404)
    assert "Out of memory." in problem["detail"]
    assert (await product.client.get(f"/tracks/{track_id}/audio")).status == 200


async def test_a_recording_without_audio_leaves_no_track(product: Product) -> None:
    product.media.fail_next_finalise = NoAudio()
    track_id = await product.record(SOUND)
    assert await page(product) == ([], None)
    await problem_of(await product.client.get(f"/api/tracks/{track_id}"), 404)


async def test_the_waveform_is_json(product: Product) -> None:
    track_id = await product.record(SOUND)
    response = await product.client.get(f"/tracks/{track_id}/waveform.json")
    assert response.content_type == "application/json"
    waveform = await response.json()
    assert waveform["version"] == 2
    assert len(waveform["data"]) == 2 * waveform["length"]


# -- deletion


def files_of(track_id: str, folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and track_id in str(path)]


async def test_a_track_is_deleted_everywhere(product: Product, tmp_path: Path) -> None:
    track_id = await product.record(SOUND)
    kept = await product.record(ogg(100), title="Kept")
    assert (await product.client.delete(f"/api/tracks/{track_id}")).status == 204
    for path in (f"/api/tracks/{track_id}", f"/tracks/{track_id}/audio"):
        await problem_of(await product.client.get(path), 404)
    await problem_of(await product.client.delete(f"/api/tracks/{track_id}"), 404)
    await problem_of(await rename(product, track_id, {"title": "After"}), 404)
    assert await page(product) == (["Kept"], None)
    assert not files_of(track_id, tmp_path)
    assert (await product.client.get(f"/tracks/{kept}/audio")).status == 200


async def test_a_deleted_track_does_not_come_back_with_the_next_start(
    product: Product, tmp_path: Path
) -> None:
    track_id = await product.record(SOUND)
    await product.client.delete(f"/api/tracks/{track_id}")
    await product.container.resume_work().execute()
    await product.settle()
    assert await page(product) == ([], None)
    assert not files_of(track_id, tmp_path)


async def test_deleting_a_track_whose_recording_goes_on_ends_that_too(product: Product) -> None:
    path = await product.begin(told={"live": "false"})
    await product.append(path, 0, SOUND)
    await product.fall_silent(path)
    await product.until_stored(path)
    await product.append(path, 3000, b"more")
    track_path = path.replace("/recordings/", "/tracks/")
    assert (await product.client.delete(track_path)).status == 204
    await problem_of(await product.append(path, 3004, b"even more"), 410)
    assert await page(product) == ([], None)
