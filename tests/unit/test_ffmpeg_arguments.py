"""ffmpeg's arguments: nothing that a source says of itself is obeyed."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from audio_stream.adapters.media import arguments
from audio_stream.adapters.media.arguments import copy_forms
from audio_stream.domain.containers.container import Container

SOURCE = Path("/spool/-y concat:x")
TARGET = Path("/scratch/%d")
AT = datetime(2025, 2, 3, 23, 59, tzinfo=UTC)


def _mp3(title: str, container: Container = Container.WEBM) -> list[str]:
    return arguments.encode_mp3(
        SOURCE, container, TARGET, bitrate="192k", title=title, created_at=AT
    )


def _every_command(container: Container) -> list[list[str]]:
    forms = copy_forms(container, "opus")
    return [
        arguments.list_packets(SOURCE, container),
        arguments.decode_pcm(SOURCE, container),
        _mp3("Title", container),
        *(arguments.copy_packets(SOURCE, container, TARGET, form, duration_s=1) for form in forms),
    ]


@pytest.mark.parametrize("container", Container, ids=lambda container: container.name)
def test_every_input_has_a_forced_demuxer_and_may_open_only_files_and_pipes(
    container: Container,
) -> None:
    for command in _every_command(container):
        options = command[: command.index("-i")]
        assert command[len(options) + 1] == f"file:{SOURCE}"
        demuxer = options[options.index("-f") + 1]
        assert demuxer in {"matroska", "ogg", "mov", "mp3", "wav", "flac", "aac"}
        assert options[options.index("-protocol_whitelist") + 1] == "file,pipe"
        assert "-nostdin" in options


@pytest.mark.parametrize("container", Container, ids=lambda container: container.name)
def test_every_command_takes_the_first_audio_stream_alone(container: Container) -> None:
    for command in _every_command(container):
        mapped = {command[at + 1] for at, part in enumerate(command) if part == "-map"}
        assert mapped == {"0:a:0"}


def test_a_title_stays_one_argument_and_an_empty_one_is_left_out() -> None:
    title = "-f null /etc/passwd; $(reboot) =“Ü” 🎙"
    assert f"title={title}" in _mp3(title)
    assert not [argument for argument in _mp3("") if argument.startswith("title")]


def test_the_mp3_has_the_bit_rate_and_the_day_of_the_recording() -> None:
    command = _mp3("x")
    assert command[command.index("-b:a") + 1] == "192k"
    assert "date=2025-02-03" in command


@pytest.mark.parametrize("bitrate", ["32k", "128k", "320k"])
def test_bit_rates_of_mp3_are_taken(bitrate: str) -> None:
    assert arguments.check_bitrate(bitrate) == bitrate


@pytest.mark.parametrize("bitrate", ["", "320", "321k", "0k", "320 k", "320k -f x", "1e3k"])
def test_other_bit_rates_are_refused_with_those_that_there_are(bitrate: str) -> None:
    with pytest.raises(ValueError, match=r"one of 32k, .*320k"):
        arguments.check_bitrate(bitrate)


def test_a_copy_stays_in_its_container_while_that_holds_all() -> None:
    for container in (Container.WEBM, Container.OGG, Container.MP4):
        assert copy_forms(container, "opus")[0].container is container


def test_bare_aac_becomes_mp4_without_its_stream_headers() -> None:
    form = copy_forms(Container.ADTS, "aac")[0]
    assert form.container is Container.MP4
    copied = arguments.copy_packets(SOURCE, Container.ADTS, TARGET, form, duration_s=1)
    listed = arguments.list_packets(SOURCE, Container.ADTS)
    assert "aac_adtstoasc" in copied
    assert "aac_adtstoasc" in listed


def test_opus_that_mp4_would_lose_goes_to_webm_at_last() -> None:
    containers = [form.container for form in copy_forms(Container.MP4, "opus")]
    assert containers == [Container.MP4, Container.MP4, Container.WEBM, Container.OGG]


def test_room_for_the_index_grows_with_the_duration_and_not_without_bound() -> None:
    form = copy_forms(Container.WEBM, "opus")[0]

    def room(duration_s: float) -> int:
        command = arguments.copy_packets(
            SOURCE, Container.WEBM, TARGET, form, duration_s=duration_s
        )
        return int(command[command.index("-reserve_index_space") + 1])

    assert room(3600) >= 720 * 20
    assert room(1e30) < 1 << 26


def test_the_arguments_need_nothing_but_the_standard_library_and_the_domain() -> None:
    code = (
        "import sys; import audio_stream.adapters.media.arguments; "
        "print(*(name for name in sys.modules if name.startswith('audio_stream.')), "
        "*(name for name in ('pydantic', 'aiohttp', 'imageio_ffmpeg') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    layers = {name.split(".")[1] for name in done.stdout.split()}
    assert layers == {"adapters", "domain"}
