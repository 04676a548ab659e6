"""What nobody needs for long goes, and takes none of the event loop's time."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from audio_stream.adapters.media.sources import scratch_beside
from audio_stream.infrastructure.scratch import FolderScratch

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def removing(monkeypatch: pytest.MonkeyPatch) -> set[threading.Thread]:
    """Return the threads in which something is removed."""
    threads: set[threading.Thread] = set()

    def watch(name: str) -> None:
        remove = getattr(os, name)

        def removed(path: object, **options: object) -> None:
            threads.add(threading.current_thread())
            remove(path, **options)

        monkeypatch.setattr(os, name, removed)

    watch("unlink")
    watch("rmdir")
    return threads


async def test_a_folder_goes_in_a_thread(tmp_path: Path, removing: set[threading.Thread]) -> None:
    async with FolderScratch(tmp_path).folder() as folder:
        (folder / "original").write_bytes(b"large")
    assert not folder.exists()
    assert threading.main_thread() not in removing


async def test_a_file_goes_in_a_thread(tmp_path: Path, removing: set[threading.Thread]) -> None:
    async with scratch_beside(tmp_path / "target") as scratch:
        scratch.write_bytes(b"large")
    assert not scratch.exists()
    assert threading.main_thread() not in removing


def test_what_another_user_left_does_not_end_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "rmdir", refuse)
    FolderScratch(tmp_path / "scratch").sweep()
