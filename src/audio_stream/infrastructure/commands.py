"""What the command line can ask for."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import CliApp, CliSubCommand, SettingsError, get_subcommand

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

    rebuild_catalog: CliSubCommand[RebuildCatalog]
    adopt: CliSubCommand[Adopt]


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
        _complain(f"A setting cannot be read: {error}.")
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


def _sentence(location: tuple[int | str, ...], message: str, value: object) -> str:
    message = message.removeprefix("Value error, ")
    if not location:
        return f"{message[0].upper()}{message[1:]}."
    field = str(location[0])
    variable = Settings.variable_of(field)
    return f"{variable} (--{field.lower().replace('_', '-')}) is {value!r}: {message.lower()}."
