"""What every blob store must do. Subclass it and give it a `store` fixture."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.errors import BlobNotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from audio_stream.usecases.ports import Blob, BlobStore

KEY = "originals/0123/abc.webm"
PIECE = 256 * 1024
LONG = bytes(range(256)) * 3000 + b"end"  # two whole pieces and a part
OTHER = b"other" * 200_000

NO_KEYS = [
    "",
    "/",
    "/etc/passwd",
    "..",
    ".",
    "../secret",
    "a/../../secret",
    "a/./b",
    "a//b",
    "a/",
    "A",
    "a b",
    "a\\b",
    "a\0b",
    "a\n",
    "~incoming",
    "ä",
    "a" * 2000,
]


async def put(store: BlobStore, key: str, data: bytes | Path) -> None:
    await store.put(key, data, mime_type="audio/webm")


async def read(blob: Blob, start: int = 0, length: int | None = None) -> bytes:
    length = blob.size_bytes if length is None else length
    return b"".join([piece async for piece in blob.read(start, length)])


async def stored(store: BlobStore, key: str) -> bytes:
    return await read(await store.open(key))


async def keys(store: BlobStore, prefix: str) -> list[str]:
    return [key async for key in store.list(prefix)]


class BlobStoreContract:
    @pytest.fixture
    async def store(self) -> BlobStore:
        raise NotImplementedError

    @pytest.mark.parametrize("data", [b"", b"x", b"x" * PIECE, LONG])
    async def test_bytes_come_back_as_they_were_put(self, store: BlobStore, data: bytes) -> None:
        await put(store, KEY, data)
        blob = await store.open(KEY)
        assert blob.size_bytes == len(data)
        assert await read(blob) == data

    async def test_a_file_is_copied_and_stays_where_it_was(
        self, store: BlobStore, tmp_path: Path
    ) -> None:
        source = tmp_path / "source"
        source.write_bytes(LONG)
        await put(store, KEY, source)
        assert await stored(store, KEY) == LONG
        assert source.read_bytes() == LONG

    async def test_what_becomes_of_the_file_later_does_not_matter(
        self, store: BlobStore, tmp_path: Path
    ) -> None:
        source = tmp_path / "source"
        source.write_bytes(b"before")
        await put(store, KEY, source)
        source.write_bytes(b"after!")
        assert await stored(store, KEY) == b"before"

    async def test_an_empty_file_can_be_stored(self, store: BlobStore, tmp_path: Path) -> None:
        source = tmp_path / "source"
        source.touch()
        await put(store, KEY, source)
        assert await stored(store, KEY) == b""

    async def test_no_piece_is_longer_than_256_kib(self, store: BlobStore) -> None:
        await put(store, KEY, LONG)
        blob = await store.open(KEY)
        pieces = [len(piece) async for piece in blob.read(0, len(LONG))]
        assert min(pieces) > 0
        assert max(pieces) <= PIECE
        assert sum(pieces) == len(LONG)

    @pytest.mark.parametrize(
        ("start", "length"),
        [
            (0, 1),
            (0, 0),
            (len(LONG), 0),
            (len(LONG) - 1, 1),
            (1, len(LONG) - 1),
            (PIECE - 1, 2),
            (PIECE, PIECE),
            (7, PIECE + 1),
        ],
    )
    async def test_any_range_can_be_read(self, store: BlobStore, start: int, length: int) -> None:
        await put(store, KEY, LONG)
        assert await read(await store.open(KEY), start, length) == LONG[start : start + length]

    async def test_a_blob_can_be_read_again_and_by_many_at_once(self, store: BlobStore) -> None:
        await put(store, KEY, LONG)
        blob = await store.open(KEY)
        assert await asyncio.gather(*(read(blob) for _ in range(8))) == [LONG] * 8

    async def test_a_reader_may_leave_early(self, store: BlobStore) -> None:
        await put(store, KEY, LONG)
        reading = aiter((await store.open(KEY)).read(0, len(LONG)))
        assert LONG.startswith(await anext(reading))
        await reading.aclose()  # type: ignore[attr-defined]  # every one of ours is a generator
        assert await stored(store, KEY) == LONG

    async def test_what_was_never_put_is_not_found(self, store: BlobStore) -> None:
        with pytest.raises(BlobNotFound) as caught:
            await store.open(KEY)
        assert caught.value.key == KEY

    async def test_a_part_of_a_key_is_another_key(self, store: BlobStore) -> None:
        await put(store, KEY, b"x")
        for other in ("originals", "originals/0123", "originals/0123/abc", f"{KEY}/more"):
            with pytest.raises(BlobNotFound):
                await store.open(other)
            await store.delete(other)
        assert await stored(store, KEY) == b"x"

    @pytest.mark.parametrize(("first", "second"), [(LONG, b"short"), (b"short", LONG), (LONG, b"")])
    async def test_putting_again_replaces(
        self, store: BlobStore, first: bytes, second: bytes
    ) -> None:
        await put(store, KEY, first)
        await put(store, KEY, second)
        assert await stored(store, KEY) == second
        assert await keys(store, "") == [KEY]

    async def test_a_blob_replaced_before_it_is_read_is_never_mixed(self, store: BlobStore) -> None:
        await put(store, KEY, LONG)
        blob = await store.open(KEY)
        await put(store, KEY, OTHER)
        assert await read_or_nothing(blob) in (LONG, None)
        assert await stored(store, KEY) == OTHER

    async def test_a_blob_replaced_while_it_is_read_is_never_mixed(self, store: BlobStore) -> None:
        await put(store, KEY, LONG)
        blob = await store.open(KEY)
        assert await read_or_nothing(blob, meanwhile=put(store, KEY, OTHER)) in (LONG, None)
        assert await stored(store, KEY) == OTHER

    async def test_a_blob_deleted_while_it_is_read_is_never_cut(self, store: BlobStore) -> None:
        await put(store, KEY, LONG)
        blob = await store.open(KEY)
        assert await read_or_nothing(blob, meanwhile=store.delete(KEY)) in (LONG, None)

    async def test_a_blob_deleted_before_it_is_read_is_never_cut(self, store: BlobStore) -> None:
        await put(store, KEY, LONG)
        blob = await store.open(KEY)
        await store.delete(KEY)
        assert await read_or_nothing(blob) in (LONG, None)

    async def test_a_deleted_blob_is_not_found(self, store: BlobStore) -> None:
        await put(store, KEY, b"x")
        await put(store, "originals/0123/abc.webm.other", b"y")
        await store.delete(KEY)
        with pytest.raises(BlobNotFound):
            await store.open(KEY)
        assert await keys(store, "") == ["originals/0123/abc.webm.other"]

    async def test_deleting_twice_is_fine(self, store: BlobStore) -> None:
        await put(store, KEY, b"x")
        await store.delete(KEY)
        await store.delete(KEY)
        assert await keys(store, "") == []

    async def test_keys_are_listed_in_order(self, store: BlobStore) -> None:
        unordered = [
            "b",
            "a/b/c",
            "a-b",
            "a/b-c",
            "a.b",
            "a/b.c",
            "a_b",
            "a/a",
            "a0/z",
            "c/.hidden",
        ]
        for key in unordered:
            await put(store, key, b"x")
        assert await keys(store, "") == sorted(unordered)

    @pytest.mark.parametrize(
        ("prefix", "found"),
        [
            ("mp3/", ["mp3/1/a.mp3", "mp3/10/a.mp3"]),
            ("mp3/1", ["mp3/1/a.mp3", "mp3/10/a.mp3"]),
            ("mp3/1/", ["mp3/1/a.mp3"]),
            ("m", ["mp3/1/a.mp3", "mp3/10/a.mp3", "mp3s"]),
            ("mp3/1/a.mp3", ["mp3/1/a.mp3"]),
            ("mp3/2", []),
            ("mp3/1/a.mp3/", []),
            ("../", []),
            ("/", []),
            ("nothing/like/this", []),
        ],
    )
    async def test_a_prefix_may_end_anywhere(
        self, store: BlobStore, prefix: str, found: list[str]
    ) -> None:
        for key in ("mp3/1/a.mp3", "mp3/10/a.mp3", "mp3s", "originals/1/a.webm"):
            await put(store, key, b"x")
        assert await keys(store, prefix) == found

    async def test_more_than_a_thousand_keys_are_listed(self, store: BlobStore) -> None:
        many = [f"tracks/{number:04}.json" for number in range(1003)]
        await asyncio.gather(*(put(store, key, b"") for key in many))
        assert await keys(store, "tracks/") == many

    async def test_what_is_listed_may_be_deleted_at_once(self, store: BlobStore) -> None:
        for number in range(5):
            await put(store, f"tracks/{number}/a", b"")
        async for key in store.list("tracks/"):
            await store.delete(key)
        assert await keys(store, "") == []

    async def test_of_puts_at_once_one_wins_whole(self, store: BlobStore) -> None:
        rivals = [bytes([number]) * (PIECE + number) for number in range(8)]
        await asyncio.gather(*(put(store, KEY, data) for data in rivals))
        assert await stored(store, KEY) in rivals
        assert await keys(store, "") == [KEY]

    async def test_puts_and_deletes_side_by_side_do_not_disturb_each_other(
        self, store: BlobStore
    ) -> None:
        async def come_and_go(name: str) -> None:
            for _ in range(5):
                await put(store, f"mp3/shared/{name}", b"x")
                await store.delete(f"mp3/shared/{name}")

        await asyncio.gather(*(come_and_go(f"n{number}") for number in range(6)))
        assert await keys(store, "") == []

    @pytest.mark.parametrize("text", NO_KEYS)
    async def test_what_is_no_key_is_refused(self, store: BlobStore, text: str) -> None:
        with pytest.raises(ValueError, match="not a key"):
            await put(store, text, b"x")
        with pytest.raises(BlobNotFound):
            await store.open(text)
        await store.delete(text)
        assert await keys(store, "") == []


async def read_or_nothing(blob: Blob, meanwhile: Awaitable[None] | None = None) -> bytes | None:
    """Return what could be read, awaiting `meanwhile` after the first piece."""
    pieces: list[bytes] = []
    try:
        async for piece in blob.read(0, blob.size_bytes):
            if not pieces and meanwhile is not None:
                await meanwhile
            pieces.append(piece)
    except BlobNotFound:
        return None
    return b"".join(pieces)
