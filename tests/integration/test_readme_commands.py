"""The README's commands do what it says, copied from it as a reader would."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from integration.product import started

CHECKOUT = Path(__file__).parents[2]
PATIENCE_S = 60
SOME_SECONDS_BYTES = 48 * 1024


def commands(name: str) -> str:
    """Return the README's block of that name."""
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    block = re.search(rf"<!-- tested: {name} -->\n```sh\n(.*?)```", readme, re.DOTALL)
    assert block, f"the README has no block called {name}"
    return block[1]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    if shutil.which("curl") is None:
        pytest.skip("the README's commands are curl's, and there is no curl here")
    with started([sys.executable, "-m", "audio_stream"], tmp_path) as address:
        yield address


def read(address: str) -> dict[str, Any]:
    """Return what the API answers."""
    with urlopen(address, timeout=10) as response:  # noqa: S310 - our own server
        answer: dict[str, Any] = json.load(response)
    return answer


def wait_for(what: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever comes
    """Return what becomes true at last; there is no event to a reader with curl."""
    for _ in range(PATIENCE_S * 10):
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come")


def run(script: str, address: str, folder: Path) -> None:
    """Run the commands beside a file as the README names it, against this server."""
    sound = (CHECKOUT / "tests" / "samples" / "source-cbr.mp3").read_bytes()
    (folder / "show.mp3").write_bytes(sound[:SOME_SECONDS_BYTES])
    script = script.replace("http://localhost:9999", address)
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", script], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr


def ready_track(address: str) -> dict[str, Any]:
    """Return the one track once it plays."""

    def track() -> dict[str, Any] | None:
        tracks = read(f"{address}/api/tracks")["tracks"]
        return tracks[0] if tracks and tracks[0]["state"] == "ready" else None

    found: dict[str, Any] = wait_for(track)
    return found


def test_the_upload_becomes_a_track(address: str, tmp_path: Path) -> None:
    run(commands("upload"), address, tmp_path)
    track = ready_track(address)
    assert track["title"] == "Monday show"
    assert not track["incomplete"]


def test_the_broadcast_is_live_and_becomes_a_track(address: str, tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.skip("the README broadcasts by ffmpeg, and there is none on PATH")
    script = f"({commands('broadcast')}) &\nwait_for_me=$!\n{LISTEN}\nwait $wait_for_me\n"
    run(script, address, tmp_path)
    assert (tmp_path / "heard.webm").read_bytes().startswith(b"\x1a\x45\xdf\xa3")
    assert not ready_track(address)["incomplete"]


# As the README listens, only that it tries until the station is on air.
LISTEN = """
until curl -fsN http://localhost:9999/live/main -o heard.webm; do sleep 0.1; done
"""
