"""What the command line can ask for."""

from __future__ import annotations

import sys

from pydantic import BaseModel, ValidationError
from pydantic_settings import CliApp, CliSubCommand, SettingsError, get_subcommand

from audio_stream.infrastructure.settings import Settings

USAGE_ERROR = 2


class RebuildCatalog(BaseModel):
    """Add to the catalog whatever the library's manifests and the spool know and it does not.

    A catalog that is damaged is set aside first, under another name. Nothing is deleted. The
    server must be stopped. Settings stand before the command: audio-stream --data-dir DIR
    rebuild-catalog.
    """


class CommandLine(Settings):
    """A self-hosted radio and recorder.

    Start it, open /record to go on air and / to listen. Every flag is also an environment
    variable: the names in capitals, or AUDIO_STREAM_ and the flag's name in capitals.
    """

    rebuild_catalog: CliSubCommand[RebuildCatalog]


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
    if isinstance(get_subcommand(settings, is_required=False), RebuildCatalog):
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
