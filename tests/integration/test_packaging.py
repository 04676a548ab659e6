"""The product runs from an installed wheel and an editable install, away from the checkout."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import sysconfig
import venv
import zipfile
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from integration.product import started

CHECKOUT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command that must succeed, and show what it said when it does not."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr


def new_environment(folder: Path) -> Path:
    """Return the Python of a new environment that has all we depend on, and not our package.

    A path file brings this environment's packages without a network; an editable install's own
    path file in there is not followed.
    """
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    told = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
    packages = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    path_file = Path(told.stdout.strip()) / "dependencies.pth"
    path_file.write_text("\n".join(sorted(packages)), encoding="utf-8")
    return python


def install(python: Path, *what: str | Path) -> None:
    """Install something into an environment, from this machine alone."""
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed")
    run(*pip, "install", *options, *what, cwd=python.parent)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--no-isolation", "--wheel")
    run(*build, "--outdir", folder, CHECKOUT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module", params=["wheel", "editable"])
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the console script of an installation."""
    python = new_environment(tmp_path_factory.mktemp(request.param))
    if request.param == "wheel":
        install(python, request.getfixturevalue("wheel"))
    else:
        install(python, "--editable", CHECKOUT)
    return python.with_name("audio-stream")


def get(address: str) -> str:
    """Return the text at an address that must be there."""
    with closing(HTTPConnection(urlsplit(address).netloc, timeout=10)) as connection:
        connection.request("GET", urlsplit(address).path)
        response = connection.getresponse()
        assert response.status == HTTPStatus.OK, address
        return response.read().decode("utf-8", errors="replace")


def test_the_wheel_holds_the_pages_and_the_migrations_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"audio_stream/web/record.html", "audio_stream/web/listen.html"} <= set(names)
    migrations = re.compile(r"audio_stream/adapters/catalog/migrations/versions/\w+\.py")
    assert any(migrations.fullmatch(name) for name in names)
    allowed = re.compile(r"audio_stream/|audio_stream-[\d.]+\.dist-info/")
    assert [name for name in names if not allowed.match(name)] == []
    assert [name for name in names if "test" in name or "__pycache__" in name] == []


def test_it_runs_from_an_installation_away_from_the_checkout(program: Path, tmp_path: Path) -> None:
    with started([program], tmp_path) as address:
        pages = [get(f"{address}/{page}") for page in ("", "listen", "record")]
        parts = {part for page in pages for part in re.findall(r'"(/static/[^"]+)"', page)}
        assert parts, "the pages are made of files"
        for part in parts:
            assert get(f"{address}{part}")
        assert json.loads(get(f"{address}/api/tracks")) == {"tracks": [], "next_cursor": None}
    with closing(sqlite3.connect(tmp_path / "data" / "catalog.db")) as catalog:
        assert catalog.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)


def test_it_documents_its_settings_on_the_command_line(program: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [program, "--help"], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "--data-dir" in done.stdout
