"""Titles between the sound, as players of internet radio expect them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_stream.adapters.http.icy import METAINT_BYTES, IcyTransport, title_block
from audio_stream.domain.titles import MAX_TITLE_CHARACTERS, clean_title
from fakes.memory_transport import MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Iterator


def taken_apart(sent: bytes) -> tuple[bytes, list[bytes]]:
    """Return the sound and the titles' blocks, as a player would."""
    sound, titles = b"", []
    while len(sent) > METAINT_BYTES:
        sound += sent[:METAINT_BYTES]
        end = METAINT_BYTES + 1 + 16 * sent[METAINT_BYTES]
        titles.append(sent[METAINT_BYTES + 1 : end])
        sent = sent[end:]
    return sound + sent, titles


def sound_of(size_bytes: int) -> bytes:
    return b"".join(n.to_bytes(4, "big") for n in range(size_bytes // 4 + 1))[:size_bytes]


@given(sizes=st.lists(st.integers(0, 3 * METAINT_BYTES), max_size=8))
def test_a_title_comes_after_each_so_many_bytes_however_they_come(sizes: list[int]) -> None:
    connection = MemoryTransport()
    icy = IcyTransport(connection, lambda: "Monday")
    sound, at = sound_of(sum(sizes)), 0
    for size in sizes:
        icy.write(sound[at : at + size])
        at += size
    # The last block may be there before any sound that follows it.
    heard, titles = taken_apart(bytes(connection.sent) + b"?")
    assert heard == sound + b"?"
    assert len(titles) == len(sound) // METAINT_BYTES


def test_a_title_is_told_once_and_again_when_it_changes() -> None:
    titles: Iterator[str] = iter(["Monday", "Monday", "Evening", "Evening"])
    connection = MemoryTransport()
    icy = IcyTransport(connection, lambda: next(titles))
    icy.writelines([sound_of(METAINT_BYTES)] * 4)
    _, told = taken_apart(bytes(connection.sent) + b"?")
    assert [block.rstrip(b"\0") for block in told] == [
        b"StreamTitle='Monday';",
        b"",
        b"StreamTitle='Evening';",
        b"",
    ]


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("", "StreamTitle='';"),
        ("Don't';StreamUrl='http://evil.example", "Don’t’;StreamUrl=’http://evil.example';"),
        ("Grüße ☎", "StreamTitle='Grüße ☎';"),
    ],
)
def test_a_title_cannot_end_itself(title: str, told: str) -> None:
    block = title_block(title)
    assert block[0] * 16 == len(block) - 1
    text = block[1:].rstrip(b"\0").decode()
    assert text.endswith(told)
    assert text.count("'") == 2


@given(st.text())
def test_every_title_that_a_recording_can_have_fits(text: str) -> None:
    block = title_block(clean_title(text))
    assert block[0] * 16 == len(block) - 1


def test_the_longest_title_fits() -> None:
    block = title_block("🎙" * MAX_TITLE_CHARACTERS)
    assert block[0] * 16 == len(block) - 1


def test_what_a_listener_asks_of_its_connection_is_the_connections_own() -> None:
    connection = MemoryTransport()
    icy = IcyTransport(connection, lambda: "")
    connection.room = 0
    icy.write(b"sound")
    assert icy.get_write_buffer_size() == 5
    assert icy.get_extra_info("inner_transport") is connection
    assert not icy.is_closing()
    icy.abort()
    assert connection.aborted
    assert icy.is_closing()
