"""PATCH: audio comes in."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.containers.sniffing import ACCEPTED_FILES, ACCEPTED_LIVE
from fakes.sounds import ogg, webm
from raw_patch import RawPatch
from served import CHUNK, TUS, problem_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from served import Product, Serve

SOUND = ogg(100_000)
LENGTH = f"Content-Length: {len(SOUND)}"
PIECE = 2**20


def checksum_of(algorithm: str, data: bytes) -> str:
    digest = hashlib.new(algorithm, data).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


async def test_chunks_are_acknowledged_with_the_new_offset(product: Product) -> None:
    path = await product.begin(len(SOUND))
    offset = 0
    for size in (1, 99, 60_000, 39_900):
        response = await product.append(path, offset, SOUND[offset : offset + size])
        offset += size
        assert (response.status, response.headers["Upload-Offset"]) == (204, str(offset))
        assert response.headers["Tus-Resumable"] == "1.0.0"
        assert "Upload-Expires" in response.headers
    assert await product.stored(path) == SOUND


async def test_the_same_chunk_twice_is_refused_with_the_true_offset(product: Product) -> None:
    path = await product.begin(len(SOUND))
    await product.append(path, 0, SOUND[:100])
    response = await product.append(path, 0, SOUND[:100])
    assert (await problem_of(response, 409))["expected"] == 100
    assert response.headers["Upload-Offset"] == "100"
    await product.append(path, 100, SOUND[100:])
    assert await product.stored(path) == SOUND


async def test_an_offset_ahead_is_refused_and_nothing_stored(product: Product) -> None:
    path = await product.begin(len(SOUND))
    await problem_of(await product.append(path, 100, SOUND[100:]), 409)
    assert await product.offset(path) == 0


@pytest.mark.parametrize("cut_after", [1, 5_000, 90_000])
async def test_what_came_before_a_cut_is_kept_and_head_tells_how_much(
    product: Product, cut_after: int
) -> None:
    path = await product.begin(len(SOUND))
    async with RawPatch(product, path, LENGTH, body=SOUND[:cut_after]):
        pass
    await product.until(path, size_bytes=cut_after)
    assert await product.offset(path) == cut_after
    assert (await product.append(path, cut_after, SOUND[cut_after:])).status == 204
    assert await product.stored(path) == SOUND


async def test_a_chunk_that_came_whole_counts_though_nobody_waits_for_the_answer(
    product: Product,
) -> None:
    path = await product.begin(len(SOUND))
    async with RawPatch(product, path, LENGTH, body=SOUND):
        pass
    await product.until(path, state="finished")
    assert await product.stored(path) == SOUND
    response = await product.append(path, 0, SOUND)
    await problem_of(response, 409)
    assert response.headers["Upload-Offset"] == str(len(SOUND)), "so the source learns it"


async def test_a_checked_chunk_that_was_cut_is_dropped_whole(product: Product) -> None:
    path = await product.begin(len(SOUND))
    checked = f"Upload-Checksum: {checksum_of('sha1', SOUND)}"
    async with RawPatch(product, path, checked, LENGTH, body=SOUND[:50_000]):
        pass
    assert await product.offset(path) == 0
    assert (await product.append(path, 0, SOUND)).status == 204


async def test_a_body_whose_framing_breaks_is_as_good_as_silent(serve: Serve) -> None:
    product = await serve(body_timeout_s=0.2)
    path = await product.begin(len(SOUND))
    chunked = "Transfer-Encoding: chunked"
    async with RawPatch(product, path, chunked, body=b"4\r\nOggS\r\n") as broken:
        await product.until(path, size_bytes=4)
        broken.send(b"nonsense\r\n")
        assert await broken.status() == 408
    assert await product.offset(path) == 4


# -- checksums


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "SHA1"])
async def test_a_checked_chunk_is_appended(product: Product, algorithm: str) -> None:
    path = await product.begin(len(SOUND))
    response = await product.append(
        path, 0, SOUND, Upload_Checksum=checksum_of(algorithm.lower(), SOUND)
    )
    assert (response.status, response.headers["Upload-Offset"]) == (204, str(len(SOUND)))


async def test_nothing_is_kept_of_a_chunk_with_another_checksum(product: Product) -> None:
    path = await product.begin(len(SOUND))
    wrong = checksum_of("sha256", b"something else")
    problem = await problem_of(await product.append(path, 0, SOUND, Upload_Checksum=wrong), 460)
    assert problem["title"] == "Checksum Mismatch"
    assert await product.offset(path) == 0
    right = checksum_of("sha256", SOUND)
    assert (await product.append(path, 0, SOUND, Upload_Checksum=right)).status == 204


@pytest.mark.parametrize("checksum", ["md5 YQ==", "sha1", "sha1 ???", "", "crc32 AAAA"])
async def test_a_checksum_that_cannot_be_checked_is_refused(
    product: Product, checksum: str
) -> None:
    path = await product.begin(len(SOUND))
    await problem_of(await product.append(path, 0, SOUND, Upload_Checksum=checksum), 400)
    assert await product.offset(path) == 0


# -- the end


async def test_a_declared_length_is_kept_although_the_connection_is_cut(product: Product) -> None:
    path = await product.begin()
    sound = webm()
    lengths = (f"Upload-Length: {len(sound)}", f"Content-Length: {len(sound)}")
    async with RawPatch(product, path, *lengths, body=sound[:1000]):
        await product.until(path, size_bytes=1000)
    response = await product.client.head(path, headers=TUS)
    assert response.headers["Upload-Length"] == str(len(sound))
    assert "Upload-Defer-Length" not in response.headers
    assert (await product.append(path, 1000, sound[1000:])).status == 204
    assert (await product.json(path))["state"] == "finished"


async def test_a_length_may_be_repeated_but_not_changed(product: Product) -> None:
    path = await product.begin(live="false")
    length = str(len(SOUND))
    assert (await product.append(path, 0, SOUND[:10], Upload_Length=length)).status == 204
    assert (await product.append(path, 10, SOUND[10:20], Upload_Length=length)).status == 204
    await problem_of(await product.append(path, 20, SOUND[20:30], Upload_Length="99"), 400)
    assert await product.offset(path) == 20
    assert (await product.append(path, 20, SOUND[20:], Upload_Length=length)).status == 204
    await problem_of(await product.append(path, len(SOUND), Upload_Length="99"), 400)


async def test_an_empty_chunk_at_the_end_finishes_and_may_be_repeated(product: Product) -> None:
    path = await product.begin()
    sound = webm()
    await product.append(path, 0, sound)
    assert (await product.json(path))["state"] == "recording"
    for _ in range(2):
        response = await product.append(path, len(sound), Upload_Length=str(len(sound)))
        assert (response.status, response.headers["Upload-Offset"]) == (204, str(len(sound)))
        assert (await product.json(path))["state"] == "finished"
    await product.settle()
    assert len((await product.json("/api/tracks"))["tracks"]) == 1


async def test_a_chunk_after_the_end_is_refused(product: Product) -> None:
    path = await product.begin(len(SOUND))
    await product.append(path, 0, SOUND)
    response = await product.append(path, len(SOUND), b"more")
    await problem_of(response, 409)
    assert response.headers["Upload-Offset"] == str(len(SOUND))


async def test_a_chunk_after_the_deletion_is_told_that_it_is_gone(product: Product) -> None:
    path = await product.begin(len(SOUND))
    await product.append(path, 0, SOUND)
    assert (await product.client.delete(path, headers=TUS)).status == 204
    await problem_of(await product.append(path, len(SOUND), b"more"), 410)


async def test_more_than_was_declared_is_refused(product: Product) -> None:
    path = await product.begin(1000)
    await problem_of(await product.append(path, 0, SOUND), 413)
    assert await product.offset(path) == 0


# -- what may be in it


async def test_live_sound_goes_on_air(product: Product) -> None:
    path = await product.begin(title="Live!")
    await product.append(path, 0, webm(50))
    status = await product.json(path)
    assert status["on_air"] is True
    assert status["duration_s"] == pytest.approx(0.98)
    (station,) = (await product.json("/api/stations"))["stations"]
    assert (station["live"], station["title"]) == (True, "Live!")


@pytest.mark.parametrize(("live", "accepted"), [("true", ACCEPTED_LIVE), ("false", ACCEPTED_FILES)])
async def test_what_is_no_audio_is_told_what_is_and_nothing_goes_on_air(
    product: Product, live: str, accepted: tuple[str, ...]
) -> None:
    path = await product.begin(live=live)
    problem = await problem_of(await product.append(path, 0, b"%PDF-1.7" + bytes(1000)), 415)
    assert tuple(problem["accepted"]) == accepted
    assert all(label in problem["detail"] for label in problem["accepted"])
    failed = await product.json(path)
    assert failed["state"] == "failed"
    assert failed["reason"] == problem["detail"]
    assert failed["on_air"] is False
    await problem_of(await product.append(path, 0, webm()), 410)
    assert (await product.json("/api/tracks"))["tracks"] == []
    await product.begin()  # the station is free again


@pytest.mark.parametrize(
    "hostile",
    [
        b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xfe" + bytes(20_000),
        b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm\x18\x53\x80\x67\x01"
        + b"\xff" * 7
        + b"\x16\x54\xae\x6b\x01\x00\xff\xff\xff\xff\xff\xff"
        + bytes(50_000),
        b"\xff" * 100_000,
        hashlib.shake_256(b"noise").digest(100_000),
    ],
    ids=["endless EBML header", "tracks of 2^48 bytes", "ones", "noise"],
)
async def test_hostile_sound_is_refused_in_clear_words(product: Product, hostile: bytes) -> None:
    path = await product.begin()
    await problem_of(await product.append(path, 0, hostile), 415)


async def test_a_chunk_of_50_mb_is_taken_as_a_stream(product: Product) -> None:
    size = 50 * PIECE

    async def pieces() -> AsyncIterator[bytes]:
        yield ogg(PIECE)
        for number in range(1, 50):
            yield bytes([number]) * PIECE

    path = await product.begin(size)
    response = await product.append(path, 0, pieces())
    assert (response.status, response.headers["Upload-Offset"]) == (204, str(size))
    digest, read = hashlib.sha256(), 0
    await product.settle()
    track = await product.client.get(f"/tracks/{path.rsplit('/', 1)[1]}/audio")
    async for piece in track.content.iter_any():
        digest.update(piece)
        read += len(piece)
    sent = hashlib.sha256(ogg(PIECE))
    for number in range(1, 50):
        sent.update(bytes([number]) * PIECE)
    assert (read, digest.hexdigest()) == (size, sent.hexdigest())


@pytest.mark.parametrize("content_type", ["audio/webm", "application/octet-stream", ""])
async def test_another_content_type_is_refused(product: Product, content_type: str) -> None:
    path = await product.begin(len(SOUND))
    headers = TUS | {"Upload-Offset": "0", "Content-Type": content_type}
    response = await product.client.patch(path, data=SOUND, headers=headers)
    await problem_of(response, 415)
    assert await product.offset(path) == 0


@pytest.mark.parametrize("offset", ["", "-1", "1.0", "0x10", "one", "9" * 30])
async def test_an_offset_that_is_no_number_is_refused(product: Product, offset: str) -> None:
    path = await product.begin(len(SOUND))
    headers = CHUNK | {"Upload-Offset": offset}
    await problem_of(await product.client.patch(path, data=SOUND, headers=headers), 400)


async def test_without_an_offset_nothing_is_taken(product: Product) -> None:
    path = await product.begin(len(SOUND))
    await problem_of(await product.client.patch(path, data=SOUND, headers=CHUNK), 400)


async def test_another_version_of_tus_is_refused(product: Product) -> None:
    path = await product.begin(len(SOUND))
    headers = CHUNK | {"Upload-Offset": "0", "Tus-Resumable": "0.2.1"}
    await problem_of(await product.client.patch(path, data=SOUND, headers=headers), 412)


async def test_an_unknown_recording_is_not_found(product: Product) -> None:
    await problem_of(await product.append(f"/api/recordings/{'0' * 32}", 0, SOUND), 404)


# -- networks that let only GET and POST pass


async def test_a_post_can_stand_for_a_patch_and_a_delete(product: Product) -> None:
    path = await product.begin(len(SOUND))
    patch = CHUNK | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    response = await product.client.post(path, data=SOUND, headers=patch)
    assert (response.status, response.headers["Upload-Offset"]) == (204, str(len(SOUND)))
    delete = TUS | {"X-HTTP-Method-Override": "delete"}
    assert (await product.client.post(path, headers=delete)).status == 204
    await problem_of(await product.client.get(path), 410)


async def test_a_get_stands_for_nothing_else(product: Product) -> None:
    path = await product.begin(len(SOUND))
    await product.client.get(path, headers=TUS | {"X-HTTP-Method-Override": "DELETE"})
    assert await product.offset(path) == 0
