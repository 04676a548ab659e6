"""Where nothing may be skipped, a skip is a failure that names its reason."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

MODULES = {
    "in_a_test": "def test_a() -> None:\n    pytest.skip('no Chromium here')\n",
    "by_a_mark": (
        "@pytest.mark.skipif(True, reason='no Firefox here')\ndef test_a() -> None: ...\n"
    ),
    "in_a_fixture": (
        "@pytest.fixture\ndef node() -> None:\n    pytest.skip('no Node here')\n"
        "def test_a(node: None) -> None: ...\n"
    ),
    "of_a_whole_module": "pytest.skip('no ffmpeg here', allow_module_level=True)\n",
    "no_skip": "@pytest.mark.xfail(reason='known')\ndef test_a() -> None:\n    assert 0\n",
}
REASONS = {"no Chromium here", "no Firefox here", "no Node here", "no ffmpeg here"}


def run_modules(folder: Path, *, no_skip: bool) -> subprocess.CompletedProcess[str]:
    """Run the modules in a project of their own that has our conftest."""
    shutil.copy(Path(__file__).parents[1] / "skip_policy.py", folder)
    (folder / "pytest.ini").write_text(
        "[pytest]\naddopts = -ra --continue-on-collection-errors\n", encoding="utf-8"
    )
    for name, text in MODULES.items():
        (folder / f"test_{name}.py").write_text(f"import pytest\n{text}", encoding="utf-8")
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "skip_policy",
            "-p",
            "no:cacheprovider",
            str(folder),
        ],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"AUDIO_STREAM_TESTS_NO_SKIP": "1" if no_skip else ""},
        cwd=folder,
    )


def test_each_skip_fails_with_its_reason_where_none_is_allowed(tmp_path: Path) -> None:
    done = run_modules(tmp_path, no_skip=True)
    assert done.returncode != 0
    assert set(re.findall(r"(no \w+ here) \(nothing may be skipped", done.stdout)) == REASONS
    assert "skipped" not in done.stdout.splitlines()[-1]


def test_each_skip_is_named_with_its_reason_elsewhere(tmp_path: Path) -> None:
    done = run_modules(tmp_path, no_skip=False)
    assert done.returncode == 0
    assert set(re.findall(r"SKIPPED.*(no \w+ here)", done.stdout)) == REASONS
