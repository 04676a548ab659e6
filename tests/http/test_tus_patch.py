"""PATCH: audio comes in."""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import pytest
from dependency_injector import providers

from audio_stream.adapters.files import Files
from audio_stream.domain.containers.sniffing import ACCEPTED_LIVE
from fakes.sounds import ogg, webm
from served import CHUNK, TUS, problem_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from audio_stream.usecases.ports import Finalised
    from served import Product, Serve

SOUND = ogg(100_000)
LENGTH = f"Content-Length: {len(SOUND)}"
PIECE = 2**20


def checksum_of(algorithm: str, data: bytes) -> str:
    digest = hashlib.new(algorithm, data).digest()
    return f"{algorithm} {base64.b64encode(digest).decode()}"


async def stored(product: Product, path: str) -> bytes:
    """Return what the library plays of a recording."""
    await product.until_stored(path)
    response = await product.client.get(f"/tracks/{path.rsplit('/', 1)[1]}/audio")
    assert response.status == 200
    return await response.read()


class RawPatch:
    """A PATCH whose bytes go out when the test says so. Leaving it cuts the connection."""

    def __init__(
        self, product: Product, path: str, *headers: str, offset: int = 0, body: bytes = b""
    ) -> None:
        lines = [
            f"PATCH {path} HTTP/1.1",
            "Host: localhost",
            "Tus-Resumable: 1.0.0",
            "Content-Type: application/offset+octet-stream",
            f"Upload-Offset: {offset}",
            *headers,
        ]
        self._request = "\r\n".join([*lines, "", ""]).encode() + body
        self._address = product.address

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        self._writer.write(self._request)
        await self._writer.drain()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def status(self) -> int:
        line = await self._reader.readline()
        return int(line.split()[1])


async def test_chunks_are_acknowledged_with_the_new_offset(product: Product) -> None:
    path = await product.begin(len(SOUND))
    offset = 0
    for size in (1, 99, 60_000, 39_900):
        response = await product.append(path, offset, SOUND[offset : offset + size])
        offset += size
        assert (response.status, response.headers["Upload-Offset"]) == (204, str(offset))
        assert response.headers["Tus-Resumable"] == "1.0.0"
        assert "Upload-Expires" in response.headers
    assert await stored(product, path) == SOUND


async def test_the_same_chunk_twice_is_refused_with_the_true_offset(product: Product) -> None:
    path = await product.begin(len(SOUND))
    await product.append(path, 0, SOUND[:100])
    response = await product.append(path, 0, SOUND[:100])
    assert (await problem_of(response, 409))["expected"] == 100
    assert response.headers["Upload-Offset"] == "100"
    await product.append(path, 100, SOUND[100:])
    assert await stored(product, path) == SOUND


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
    assert await stored(product, path) == SOUND


async def test_a_chunk_that_came_whole_counts_though_nobody_waits_for_the_answer(
    product: Product,
) -> None:
    path = await product.begin(len(SOUND))
    async with RawPatch(product, path, LENGTH, body=SOUND):
        pass
    await product.until(path, state="finished")
    assert await stored(product, path) == SOUND
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


@pytest.mark.parametrize("live", ["true", "false"])
async def test_what_is_no_audio_is_told_what_is_and_nothing_goes_on_air(
    product: Product, live: str
) -> None:
    path = await product.begin(live=live)
    problem = await problem_of(await product.append(path, 0, b"%PDF-1.7" + bytes(1000)), 415)
    assert set(ACCEPTED_LIVE) <= set(problem["accepted"])
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


# -- silent and doubled connections


async def test_a_silent_body_ends_after_the_body_timeout(serve: Serve) -> None:
    product = await serve(body_timeout_s=0.2)
    path = await product.begin(len(SOUND))
    async with RawPatch(product, path, LENGTH, body=SOUND[:700]) as silent, asyncio.timeout(20):
        assert await silent.status() == 408
    assert await product.offset(path) == 700


async def test_a_half_open_connection_locks_out_nobody(serve: Serve) -> None:
    product = await serve(body_timeout_s=60)
    path = await product.begin(len(SOUND))
    async with RawPatch(product, path, LENGTH, body=SOUND[:700]) as half_open:
        await product.until(path, size_bytes=700)
        async with asyncio.timeout(20):
            assert await product.offset(path) == 700
            assert (await product.append(path, 700, SOUND[700:])).status == 204
        assert await half_open.status() == 423
    assert await stored(product, path) == SOUND


async def test_a_resumed_chunk_needs_no_head_to_take_the_turn(serve: Serve) -> None:
    product = await serve(body_timeout_s=60)
    path = await product.begin(len(SOUND))
    async with RawPatch(product, path, LENGTH, body=SOUND[:700]):
        await product.until(path, size_bytes=700)
        async with asyncio.timeout(20):
            assert (await product.append(path, 700, SOUND[700:])).status == 204
    assert await stored(product, path) == SOUND


# -- interrupted


async def test_an_interrupted_recording_becomes_a_track_and_can_be_completed(
    serve: Serve,
) -> None:
    product = await serve(silence_s=0.3)
    path = await product.begin()
    sound = webm(100)
    await product.append(path, 0, sound[:2000])
    await product.until(path, state="interrupted")
    await product.until_stored(path)
    assert (await product.json("/api/stations"))["stations"][0]["live"] is False
    (track,) = (await product.json("/api/tracks"))["tracks"]
    assert (track["incomplete"], track["state"]) == (True, "ready")
    assert await stored(product, path) == sound[:2000]
    assert await product.offset(path) == 2000
    response = await product.append(path, 2000, sound[2000:], Upload_Length=str(len(sound)))
    assert response.status == 204
    assert await stored(product, path) == sound
    (completed,) = (await product.json("/api/tracks"))["tracks"]
    assert (completed["id"], completed["incomplete"]) == (track["id"], False)


async def test_a_source_that_returns_while_its_track_is_made_disturbs_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = await serve(silence_s=0.3)
    path = await product.begin()
    sound = webm(100)
    finalise = product.media.finalise

    async def finalise_late(source: Path, target: Path) -> Finalised:
        monkeypatch.undo()
        assert (await product.append(path, 2000, sound[2000:3000])).status == 204
        return await finalise(source, target)

    monkeypatch.setattr(product.media, "finalise", finalise_late)
    await product.append(path, 0, sound[:2000])
    await product.until_stored(path)
    assert product.media.finalised[0] == sound[:2000]
    assert await product.offset(path) == 3000


async def test_a_returning_source_is_taken_though_its_station_is_another_ones(
    product: Product,
) -> None:
    first = await product.begin()
    sound = webm(100)
    await product.append(first, 0, sound[:2000])
    await product.fall_silent(first)
    second = await product.begin(title="The second")
    await product.append(second, 0, sound)
    assert (await product.append(first, 2000, sound[2000:], Upload_Length=str(len(sound)))).ok
    (station,) = (await product.json("/api/stations"))["stations"]
    assert station["title"] == "The second"
    assert await stored(product, first) == sound


async def test_a_source_that_stayed_away_too_long_is_told_so(serve: Serve) -> None:
    product = await serve(silence_s=0.1, resume_window_s=0.01)
    path = await product.begin()
    await product.append(path, 0, webm())
    await product.until(path, state="interrupted")
    await product.until_stored(path)
    await product.container.expire_recordings().execute()
    assert not await product.container.spool().list_recordings()
    await problem_of(await product.append(path, len(webm()), b"more"), 410)
    assert (await product.client.head(path, headers=TUS)).status == 410
    (track,) = (await product.json("/api/tracks"))["tracks"]
    assert (track["state"], track["incomplete"]) == ("ready", True)


# -- disks


class FailingFiles(Files):
    """A disk that fails when it is told to."""

    def __init__(self) -> None:
        self.write_fails: int | None = None
        self.sync_fails: int | None = None

    def write_all(self, descriptor: int, data: bytes) -> None:
        if self.write_fails is not None:
            super().write_all(descriptor, data[: len(data) // 2])
            raise OSError(self.write_fails, os.strerror(self.write_fails))
        super().write_all(descriptor, data)

    def sync_data(self, descriptor: int) -> None:
        if self.sync_fails is not None:
            raise OSError(self.sync_fails, os.strerror(self.sync_fails))
        super().sync_data(descriptor)


@pytest.fixture
async def disk(serve: Serve) -> tuple[Product, FailingFiles]:
    files = FailingFiles()
    return await serve(files=providers.Object(files)), files


async def test_a_full_disk_refuses_the_chunk_and_takes_it_later(
    disk: tuple[Product, FailingFiles],
) -> None:
    product, files = disk
    path = await product.begin(len(SOUND))
    assert (await product.append(path, 0, SOUND[:1000])).status == 204
    files.write_fails = errno.ENOSPC
    await problem_of(await product.append(path, 1000, SOUND[1000:]), 507)
    assert await product.offset(path) == 1000
    files.write_fails = None
    assert (await product.append(path, 1000, SOUND[1000:])).status == 204
    assert await stored(product, path) == SOUND


async def test_on_a_full_disk_tracks_still_play_and_sound_is_still_heard(
    disk: tuple[Product, FailingFiles],
) -> None:
    product, files = disk
    track_id = await product.record(SOUND)
    path = await product.begin(station="main")
    await product.append(path, 0, webm(100)[:2000])
    files.write_fails = errno.ENOSPC
    await problem_of(await product.append(path, 2000, webm(100)[2000:]), 507)
    played = await product.client.get(f"/tracks/{track_id}/audio")
    assert await played.read() == SOUND
    assert (await product.json("/api/stations"))["stations"][0]["live"] is True


async def test_a_disk_that_fails_to_write_is_told_and_met_again(
    disk: tuple[Product, FailingFiles],
) -> None:
    product, files = disk
    path = await product.begin(len(SOUND))
    files.write_fails = errno.EIO
    await problem_of(await product.append(path, 0, SOUND), 500)
    files.write_fails = None
    assert (await product.append(path, 0, SOUND)).status == 204


async def test_a_failed_sync_fails_the_recording_with_the_reason(
    disk: tuple[Product, FailingFiles],
) -> None:
    product, files = disk
    path = await product.begin(len(SOUND))
    assert (await product.append(path, 0, SOUND[:1000])).status == 204
    spool_sync = files.sync_data
    failing = True

    def sync_data(descriptor: int) -> None:
        nonlocal failing
        if failing:
            failing = False
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        spool_sync(descriptor)

    files.sync_data = sync_data  # type: ignore[method-assign]  # fails once, for the note is synced too
    problem = await problem_of(await product.append(path, 1000, SOUND[1000:]), 500)
    assert os.strerror(errno.EIO) in problem["detail"]
    failed = await product.json(path)
    assert (failed["state"], failed["reason"]) == ("failed", problem["detail"])
    await problem_of(await product.append(path, 1000, SOUND[1000:]), 410)
    readiness = await product.json("/readyz")
    assert readiness["status"] == "degraded"
    assert os.strerror(errno.EIO) in readiness["reasons"][0]
    await product.settle()
    (track,) = (await product.json("/api/tracks"))["tracks"]
    assert track["incomplete"] is True
