"""People's players come late and play ten seconds of every format, all at the same time."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from aiohttp import ClientSession

from ffmpeg_probe import WHEEL, run
from integration.paced_source import go_on_air
from integration.product import started

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

MATERIAL_S = 80
LATE_S = 2
PLAYED_S = 10
ENOUGH_S = 10.5
GIVE_UP_S = 60
RATE_HZ = 8000
NOBODY = 65534


@dataclass(frozen=True)
class Format:
    """How a source sends its sound: a tone of its own."""

    tone_hz: int
    encoding: Sequence[str]


FORMATS = {
    "webm": Format(500, ("-c:a", "libopus", "-cluster_time_limit", "100", "-f", "webm")),
    "ogg": Format(700, ("-c:a", "libopus", "-page_duration", "200000", "-f", "ogg")),
    "mp4": Format(
        900,
        (
            *("-c:a", "aac", "-f", "mp4", "-frag_duration", "250000"),
            *("-movflags", "empty_moov+default_base_moof"),
        ),
    ),
    "mp3": Format(1300, ("-c:a", "libmp3lame", "-f", "mp3")),
}
ADDRESSES = {**{name: f"/live/{name}" for name in FORMATS}, "webm as mp3": "/live/webm.mp3"}
TONES_HZ = {name: FORMATS[name.split()[0]].tone_hz for name in ADDRESSES}

CURL = ("curl", "--silent", "--no-buffer", "--output")
FFMPEG = ("ffmpeg", "-nostdin", "-v", "error", "-y", "-i")
MPV = ("mpv", "--no-config", "--no-video", "--really-quiet", "--ao=pcm")
VLC = ("cvlc", "--intf", "dummy", "--quiet", "--no-video", "--aout", "afile")
PLAYERS = {"curl": "curl", "ffmpeg": "ffmpeg", "mpv": "mpv", "vlc": "cvlc"}

# Of what each writes: stereo at 48 kHz in 16 bits, mpv in 32; curl what the source sends, Opus
# more than it was told to.
BYTES_PER_S = {"curl": 22_000, "ffmpeg": 192_000, "mpv": 384_000, "vlc": 192_000}


def command_of(player: str, url: str, target: Path) -> Sequence[str]:
    """Return what plays `url` into the file `target` until it is told to stop."""
    if player == "curl":
        return [*CURL, str(target), url]
    if player == "ffmpeg":
        return [*FFMPEG, url, "-f", "wav", str(target)]
    if player == "mpv":
        return [*MPV, f"--ao-pcm-file={target}", url]
    # VLC does not run as root.
    somebody = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    return [*(somebody if os.geteuid() == 0 else ()), *VLC, "--audiofile-file", str(target), url]


def material(name: str) -> bytes:
    """Return a tone in that format."""
    tone = f"sine=frequency={FORMATS[name].tone_hz}:sample_rate=48000:duration={MATERIAL_S}"
    stereo = ("-ac", "2", "-b:a", "128k")
    return run("-f", "lavfi", "-i", tone, *stereo, *FORMATS[name].encoding, "pipe:1")


async def play(player: str, url: str, target: Path) -> None:
    """Let a player play until it has enough, then tell it to stop as a person would."""
    process = await asyncio.create_subprocess_exec(
        *command_of(player, url, target),
        env={**os.environ, "HOME": str(target.parent)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    enough_bytes = int(ENOUGH_S * BYTES_PER_S[player])
    with suppress(TimeoutError):
        async with asyncio.timeout(GIVE_UP_S):
            while process.returncode is None and size_bytes(target) < enough_bytes:  # noqa: ASYNC110 - files tell nobody
                await asyncio.sleep(0.2)
    if process.returncode is None:
        process.send_signal(signal.SIGINT if player == "ffmpeg" else signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
            await process.wait()


def size_bytes(path: Path) -> int:
    """Return how much has been written, 0 before anything was."""
    return path.stat().st_size if path.exists() else 0


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the folder of what each player has heard of each address."""
    product = [sys.executable, "-m", "audio_stream"]
    with (
        tempfile.TemporaryDirectory() as folder,
        started(product, tmp_path_factory.mktemp("product")) as address,
    ):
        Path(folder).chmod(0o777)  # VLC writes there as somebody else
        asyncio.run(play_everything(address, Path(folder)))
        yield Path(folder)


async def play_everything(address: str, folder: Path) -> None:
    """Let every format go on air, and every player that is here play it."""
    sounds = await asyncio.gather(*(asyncio.to_thread(material, name) for name in FORMATS))
    async with ClientSession(address) as http, asyncio.TaskGroup() as work:
        sources = [
            work.create_task(go_on_air(http, station, sound, duration_s=MATERIAL_S))
            for station, sound in zip(FORMATS, sounds, strict=True)
        ]
        await asyncio.sleep(LATE_S)
        await asyncio.gather(
            *(
                play(player, f"{address}{path}", folder / f"{player} {name}.sound")
                for player in PLAYERS
                if shutil.which(PLAYERS[player])
                for name, path in ADDRESSES.items()
            )
        )
        for source in sources:
            source.cancel()


def decoded(path: Path) -> NDArray[np.float32]:
    """Return the sound in a file, whatever its end looks like."""
    mono = ["-ac", "1", "-ar", str(RATE_HZ), "-f", "f32le", "-"]
    command = [str(WHEEL), "-v", "quiet", "-i", str(path), *mono]
    done = subprocess.run(command, check=False, capture_output=True)
    return np.frombuffer(done.stdout, dtype=np.float32)


def tones_hz(sound: NDArray[np.float32]) -> list[int]:
    """Return the loudest tone of each half second, 0 for silence."""
    half = RATE_HZ // 2
    spectra = [
        np.abs(np.fft.rfft(sound[at : at + half])) for at in range(0, len(sound) - half, half)
    ]
    return [2 * int(s.argmax()) if s.max() > half / 100 else 0 for s in spectra]


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize("player", PLAYERS)
def test_it_plays_ten_seconds_from_wherever_it_joins(player: str, name: str, heard: Path) -> None:
    if shutil.which(PLAYERS[player]) is None:
        pytest.skip(f"there is no {PLAYERS[player]} here")
    sound = decoded(heard / f"{player} {name}.sound")
    assert len(sound) / RATE_HZ >= PLAYED_S
    tones = tones_hz(sound)
    strange = [tone for tone in tones if abs(tone - TONES_HZ[name]) > 10]
    assert len(strange) <= 1, tones  # where it begins in the middle of a codec's frame
