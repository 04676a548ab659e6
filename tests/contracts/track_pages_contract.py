"""How every index of tracks is paged and searched. Subclass it and give it a `catalog` fixture."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from audio_stream.domain.errors import InvalidRequest
from audio_stream.domain.ids import StationSlug
from audio_stream.domain.titles import clean_title
from audio_stream.domain.tracks import Track
from contracts.examples import NOON, track

if TYPE_CHECKING:
    from audio_stream.usecases.ports import TrackCatalog


from contracts.track_catalog_contract import add, search


async def page_through(catalog: TrackCatalog, *, limit: int, query: str = "") -> list[list[Track]]:
    page = await catalog.page_tracks(query=query, cursor=None, limit=limit)
    pages = [list(page.tracks)]
    while page.next_cursor is not None:
        page = await catalog.page_tracks(query=query, cursor=page.next_cursor, limit=limit)
        pages.append(list(page.tracks))
    return pages


class TrackPagesContract:
    @pytest.fixture
    async def catalog(self) -> TrackCatalog:
        raise NotImplementedError

    async def test_an_empty_library_has_one_empty_page(self, catalog: TrackCatalog) -> None:
        assert await page_through(catalog, limit=10) == [[]]

    @pytest.mark.parametrize(
        ("limit", "sizes"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (8, [7]), (6, [6, 1])]
    )
    async def test_pages_hold_every_track_once_newest_first(
        self, catalog: TrackCatalog, limit: int, sizes: list[int]
    ) -> None:
        await add(catalog, [track(number) for number in (4, 1, 7, 2, 6, 3, 5)])
        pages = await page_through(catalog, limit=limit)
        assert [len(page) for page in pages] == sizes
        assert [one for page in pages for one in page] == [track(n) for n in range(7, 0, -1)]

    async def test_tracks_of_one_moment_are_told_apart_by_id(self, catalog: TrackCatalog) -> None:
        same = [track(number, created_at=NOON) for number in range(5)]
        just_before = track(9, created_at=NOON - timedelta(microseconds=1))
        await add(catalog, [*same, just_before])
        pages = await page_through(catalog, limit=2)
        assert [one for page in pages for one in page] == [*reversed(same), just_before]

    async def test_what_comes_and_goes_between_pages_neither_repeats_nor_hides(
        self, catalog: TrackCatalog
    ) -> None:
        await add(catalog, [track(number) for number in range(2, 8)])
        first = await catalog.page_tracks(query="", cursor=None, limit=2)
        assert list(first.tracks) == [track(7), track(6)]
        await add(catalog, [track(8), track(9), track(1)])
        await catalog.delete_track(track(6).id)  # the one that the cursor tells of
        await catalog.delete_track(track(4).id)
        second = await catalog.page_tracks(query="", cursor=first.next_cursor, limit=2)
        assert list(second.tracks) == [track(5), track(3)]
        third = await catalog.page_tracks(query="", cursor=second.next_cursor, limit=3)
        assert list(third.tracks) == [track(2), track(1)]
        assert third.next_cursor is None

    @pytest.mark.parametrize(
        "cursor",
        [
            "",
            " ",
            "1",
            "nonsense",
            "äöü",
            "\0",
            "====",
            "MjAyNC0wMi0yOQ==",
            "' OR 1=1 --",
            "A" * 5000,
            "bm90IGEgdGltZSAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMQ==",
        ],
    )
    async def test_a_cursor_that_no_page_gave_is_refused(
        self, catalog: TrackCatalog, cursor: str
    ) -> None:
        await catalog.add_track(track(1))
        with pytest.raises(InvalidRequest):
            await catalog.page_tracks(query="", cursor=cursor, limit=10)

    async def test_a_cursor_that_was_tampered_with_is_refused(self, catalog: TrackCatalog) -> None:
        await add(catalog, [track(1), track(2)])
        cursor = (await catalog.page_tracks(query="", cursor=None, limit=1)).next_cursor
        assert cursor is not None
        for tampered in (cursor[:-7], cursor + "A", cursor + "\n", "!" + cursor):
            with pytest.raises(InvalidRequest):
                await catalog.page_tracks(query="", cursor=tampered, limit=10)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", True),
            ("  ", True),
            ("morning", True),
            ("MORNING", True),
            ("orn", True),
            ("jazz morning", True),
            ("morning\tjazz\n", True),
            ("jazz evening", False),
            ("morning-jazz", False),
            ("fm", True),
            ("session", True),
            ("session jazz-fm", True),
            ("sessionjazz", False),
            ("session\njazz", True),
        ],
    )
    async def test_every_word_must_stand_in_title_or_station(
        self, catalog: TrackCatalog, query: str, found: bool
    ) -> None:
        one = track(1, title=clean_title("Morning Session"), station=StationSlug("jazz-fm"))
        await catalog.add_track(one)
        assert await search(catalog, query) == ([one] if found else [])

    @pytest.mark.parametrize(
        ("title", "query"),
        [
            ("Über den Wolken", "ÜBER"),
            ("ÜBER DEN WOLKEN", "über"),
            ("Straße", "STRASSE"),
            ("STRASSE", "straße"),
            ("Café", "cafe\N{COMBINING ACUTE ACCENT}"),
            ("Οδυσσεύς", "ΟΔΥΣΣΕΎΣ"),
            ("Привет, мир", "ПРИВЕТ"),
            ("日本のラジオ", "ラジオ"),
            ("🎷 night", "🎷"),
            ("İstanbul", "İSTANBUL"),
        ],
    )
    async def test_case_does_not_matter_in_any_script(
        self, catalog: TrackCatalog, title: str, query: str
    ) -> None:
        one = track(1, title=clean_title(title))
        await add(catalog, [one, track(2, title=clean_title("Other"))])
        assert await search(catalog, query) == [one]

    @pytest.mark.parametrize("character", list("%_\\/*?'\"[]^$.;#"))
    async def test_no_character_is_a_wildcard(self, catalog: TrackCatalog, character: str) -> None:
        with_it = track(1, title=clean_title(f"100{character}1 sure"))
        without = track(2, title=clean_title("100 1 sure"))
        await add(catalog, [with_it, without])
        assert await search(catalog, character) == [with_it]
        assert await search(catalog, f"100{character}1") == [with_it]

    @pytest.mark.parametrize("query", ["\0", "a\0b", "\ud800", "x" * 60_000])
    async def test_what_stands_in_no_title_is_not_found(
        self, catalog: TrackCatalog, query: str
    ) -> None:
        await catalog.add_track(track(1))
        assert await search(catalog, query) == []

    async def test_a_hundred_words_can_be_searched_for(self, catalog: TrackCatalog) -> None:
        one = track(1, title=clean_title("".join(chr(0x4E00 + number) for number in range(100))))
        await catalog.add_track(one)
        words = [chr(0x4E00 + number) for number in range(100)]
        assert await search(catalog, " ".join(words * 20)) == [one]
        with pytest.raises(InvalidRequest):
            await search(catalog, " ".join([*words, "onemore"]))

    async def test_a_renamed_track_is_found_by_its_new_title_only(
        self, catalog: TrackCatalog
    ) -> None:
        await catalog.add_track(track(1, title=clean_title("Before")))
        renamed = await catalog.save_track(track(1, title=clean_title("After")))
        assert await search(catalog, "before") == []
        assert await search(catalog, "after") == [renamed]

    async def test_what_was_searched_for_is_paged_too(self, catalog: TrackCatalog) -> None:
        await add(
            catalog,
            [track(n, title=clean_title("Odd" if n % 2 else "Even")) for n in range(10)],
        )
        pages = await page_through(catalog, limit=2, query="odd")
        assert [[int(one.id, 16) for one in page] for page in pages] == [[9, 7], [5, 3], [1]]
