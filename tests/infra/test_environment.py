"""What `make run` does before it starts: an environment, once, or a sentence why it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]

# A project that is installed by a backend of its own, so that no network is needed.
PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tiny"
version = "1"
"""
BACKEND = """\
import zipfile

FILES = {
    "tiny.py": "",
    "tiny-1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n",
    "tiny-1.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "tiny-1.dist-info/RECORD": "",
}

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        for path, text in FILES.items():
            wheel.writestr(path, text)
    return name
"""


def make_environment(checkout: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the script as `make run` does, without a network."""
    return subprocess.run(
        ["/bin/sh", CHECKOUT / "scripts" / "environment.sh", ".venv"],
        capture_output=True,
        text=True,
        check=False,
        cwd=checkout,
        env=os.environ | {"PYTHON": sys.executable, "PIP_NO_INDEX": "1"} | variables,
    )


def stand_in(folder: Path, script: str) -> str:
    """Return the path of a program that stands in for Python."""
    path = folder / "stand-in"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout of the tiny project, installed."""
    checkout = tmp_path_factory.mktemp("checkouts") / "checkout"
    checkout.mkdir()
    (checkout / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (checkout / "backend.py").write_text(BACKEND, encoding="utf-8")
    done = make_environment(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    return checkout


def works(checkout: Path) -> bool:
    """Tell whether the environment has the project."""
    python = checkout / ".venv" / "bin" / "python"
    return subprocess.run([python, "-c", "import tiny"], check=False).returncode == 0


def test_the_first_run_installs(installed: Path) -> None:
    assert works(installed)


def test_a_second_run_does_nothing_and_needs_nothing(installed: Path) -> None:
    done = make_environment(installed, PYTHON="no-python-at-all")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_project_is_installed_again(installed: Path) -> None:
    with (installed / "pyproject.toml").open("a", encoding="utf-8") as project:
        project.write("# changed\n")
    done = make_environment(installed)
    assert "Installing" in done.stdout
    assert done.returncode == 0, done.stderr


def test_a_moved_checkout_gets_an_environment_that_works(installed: Path) -> None:
    moved = Path(shutil.copytree(installed, installed.with_name("moved"), symlinks=True))
    done = make_environment(moved)
    assert "Installing" in done.stdout
    assert works(moved)


def test_no_python_that_is_new_enough_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    done = make_environment(tmp_path, PYTHON=stand_in(tmp_path, "exit 1"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "apt install python3" in done.stderr


def test_a_python_without_venv_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    script = 'case "$2" in *ensurepip*) exit 1 ;; esac'
    done = make_environment(tmp_path, PYTHON=stand_in(tmp_path, script))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "apt install python3-venv" in done.stderr


def test_a_failed_install_is_tried_again(installed: Path) -> None:
    with (installed / "pyproject.toml").open("a", encoding="utf-8") as project:
        project.write("# changed again\n")
    (installed / "backend.py").rename(installed / "gone.py")
    assert make_environment(installed).returncode != 0, "it has no backend"
    (installed / "gone.py").rename(installed / "backend.py")
    done = make_environment(installed)
    assert "Installing" in done.stdout
    assert done.returncode == 0, done.stderr
