"""What the command line can ask for."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import (
    CliApp,
    CliSubCommand,
    SettingsConfigDict,
    SettingsError,
    get_subcommand,
)

from audio_stream.infrastructure.settings import Settings

USAGE_ERROR = 2


class RebuildCatalog(BaseModel):
    """Add to the catalog whatever the library's manifests and the spool know and it does not.

    A catalog that is damaged is set aside first, under another name. Nothing is deleted. The
    server must be stopped. Settings stand before the command: audio-stream --data-dir DIR
    rebuild-catalog.
    """


class Adopt(BaseModel):
    """Bring the recordings of the Node.js version into the library: audio-stream-files/*.ogg and
    *.mp3 in the bucket, and the folder media. The old files stay. The server must be stopped.
    """  # noqa: D205 - it is the help that people read

    folder: Path | None = Field(None, description="The folder of its recordings, if not media.")


class CommandLine(Settings):
    """A self-hosted radio and recorder.

    Start it, open /record to go on air and / to listen. Every flag is also an environment
    variable: the names in capitals, or AUDIO_STREAM_ and the flag's name in capitals.
    """

    model_config = SettingsConfigDict(cli_exit_on_error=False)

    rebuild_catalog: CliSubCommand[RebuildCatalog] = Field(
        description="Add to the catalog what library and spool know and it does not."
    )
    adopt: CliSubCommand[Adopt] = Field(
        description="Bring the recordings of the Node.js version into the library."
    )


def run_command(arguments: list[str]) -> int:
    """Serve, or do another command, as the arguments and the environment say.

    Returns the exit code.
    """
    try:
        settings = CliApp.run(CommandLine, cli_args=arguments)
    except ValidationError as error:
        for problem in error.errors():
            _complain(_sentence(problem["loc"], problem["msg"], problem.get("input")))
        return USAGE_ERROR
    except SettingsError as error:
        _complain(_misuse(str(error), arguments))
        return USAGE_ERROR
    # Imported late, so that --help and a wrong setting answer at once.
    command = get_subcommand(settings, is_required=False)
    if isinstance(command, Adopt):
        from audio_stream.infrastructure.adopt import adopt  # noqa: PLC0415
        from audio_stream.infrastructure.alone import run_alone  # noqa: PLC0415

        return run_alone(settings, partial(adopt, folder=command.folder))
    if isinstance(command, RebuildCatalog):
        from audio_stream.infrastructure.alone import run_alone  # noqa: PLC0415
        from audio_stream.infrastructure.rebuild import rebuild_catalog  # noqa: PLC0415

        return run_alone(settings, rebuild_catalog)
    from audio_stream.infrastructure.server import serve_until_stopped  # noqa: PLC0415

    return serve_until_stopped(settings)


def _complain(sentence: str) -> None:
    sys.stderr.write(f"audio-stream: {sentence}\n")


def _misuse(message: str, arguments: list[str]) -> str:
    """Say what is wrong with the arguments; a flag that is not there is named first."""
    misuse = message.removeprefix("error parsing CLI: ")
    if misuse == message:
        return f"A setting cannot be read: {message}."
    fields = [*CommandLine.model_fields, *Adopt.model_fields]
    flags = ["--help", *(f"--{field.replace('_', '-')}" for field in fields)]
    for argument in arguments:
        given = argument.partition("=")[0]
        if given.startswith("--") and given not in flags:
            meant = "".join(f" Did you mean {flag}?" for flag in get_close_matches(given, flags, 1))
            return f"There is no {given}.{meant} See audio-stream --help."
    return f"{misuse[0].upper()}{misuse[1:]}. See audio-stream --help."


def _sentence(location: tuple[int | str, ...], message: str, value: object) -> str:
    message = message.removeprefix("Value error, ")
    if not location:
        return f"{message[0].upper()}{message[1:]}."
    field = str(location[0])
    variable = Settings.variable_of(field)
    return f"{variable} (--{field.lower().replace('_', '-')}) is {value!r}: {message.lower()}."
