"""`audio-stream rebuild-catalog`, and what the server says of a catalog it cannot use."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from audio_stream.adapters.blob.file import FileBlobStore
from audio_stream.adapters.blob.manifests import BlobManifests
from audio_stream.adapters.catalog.catalog import SqlCatalog
from audio_stream.adapters.catalog.database import sqlite_url
from audio_stream.adapters.files import Files
from audio_stream.adapters.spool.folder_spool import FolderSpool
from audio_stream.infrastructure.data_lock import data_lock
from contracts.examples import FULL_TRACK, recording, track
from integration.forked import Ended, Forks

DIARY = b"Dear diary, " * 500


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with Forks(tmp_path_factory.mktemp("forks")) as forks:
        yield forks


Run = Callable[..., Ended]


@pytest.fixture
def run(forks: Forks, folder: Path) -> Run:
    """Return what runs the command line on the data folder."""

    def command(*arguments: str) -> Ended:
        return forks.run("--data-dir", str(folder), "--port", "0", *arguments)

    return command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder with two tracks' manifests and a recording, and no catalog."""

    async def fill() -> None:
        async with FileBlobStore(tmp_path / "library") as blobs:
            for one in (FULL_TRACK, track(1)):
                await BlobManifests(blobs).write(one)
        async with FolderSpool(tmp_path / "spool", files=Files()) as spool:
            await spool.create(recording(2))

    asyncio.run(fill())
    return tmp_path


def catalog_of(folder: Path) -> tuple[set[str], set[str]]:
    """Return the ids of recordings and tracks that the catalog has."""

    async def read() -> tuple[set[str], set[str]]:
        async with SqlCatalog(sqlite_url(folder / "catalog.db")) as catalog:
            page = await catalog.page_tracks(query="", cursor=None, limit=9)
            recordings = {str(one.id) for one in await catalog.list_recordings()}
            return recordings, {str(one.id) for one in page.tracks}

    return asyncio.run(read())


ALL = ({recording(2).id}, {FULL_TRACK.id, track(1).id})


def test_a_lost_catalog_is_filled_again_and_a_second_time_adds_nothing(
    run: Run, folder: Path
) -> None:
    first = run("rebuild-catalog")
    assert (first.code, first.stdout) == (
        0,
        "Added to the catalog: 1 recordings from the spool, 2 tracks.\n",
    )
    assert catalog_of(folder) == ALL
    second = run("rebuild-catalog")
    assert "0 recordings from the spool, 0 tracks" in second.stdout
    assert catalog_of(folder) == ALL


@pytest.mark.parametrize("how", ["diary", "torn"])
def test_a_damaged_catalog_is_named_at_the_start_set_aside_and_made_anew(
    run: Run, folder: Path, how: str
) -> None:
    file = folder / "catalog.db"
    if how == "diary":
        file.write_bytes(DIARY)
    else:
        assert run("rebuild-catalog").code == 0
        with closing(sqlite3.connect(file)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        whole = file.read_bytes()
        file.write_bytes(whole[:100] + bytes(2000) + whole[2100:])
    damaged = file.read_bytes()

    started = run()
    assert started.code == 1
    assert "rebuild-catalog" in started.stderr
    assert "Traceback" not in started.stderr

    rebuilt = run("rebuild-catalog")
    assert rebuilt.code == 0, rebuilt.stderr
    assert "The catalog was damaged" in rebuilt.stdout
    (kept,) = folder.glob("catalog.db.damaged-*Z")
    assert kept.read_bytes() == damaged
    assert catalog_of(folder) == ALL


def test_a_running_server_is_not_disturbed(run: Run, folder: Path) -> None:
    with data_lock(folder):
        refused = run("rebuild-catalog")
    assert refused.code == 1
    assert "Another audio-stream is running" in refused.stderr
    assert not (folder / "catalog.db").exists()


def test_two_starts_on_one_data_folder_are_one_too_many(run: Run, folder: Path) -> None:
    with data_lock(folder):
        refused = run()
    assert refused.code == 1
    assert "Another audio-stream is running on the data folder" in refused.stderr
    assert "AUDIO_STREAM_DATA_DIR" in refused.stderr


def test_a_catalog_of_a_newer_program_is_left_alone(run: Run, folder: Path) -> None:
    assert run("rebuild-catalog").code == 0
    with closing(sqlite3.connect(folder / "catalog.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    for arguments in ((), ("rebuild-catalog",)):
        refused = run(*arguments)
        assert refused.code == 1
        assert "newer" in refused.stderr
        assert "sets it aside" not in refused.stderr
    assert not list(folder.glob("*.damaged-*"))


def test_help_names_the_command(forks: Forks) -> None:
    told = " ".join(forks.run("--help").stdout.split())
    assert "rebuild-catalog Add to the catalog" in told
    assert "set aside" in forks.run("rebuild-catalog", "--help").stdout
