"""What the command line can ask for."""

from __future__ import annotations

import sys

from pydantic import ValidationError
from pydantic_settings import CliApp, SettingsError

from audio_stream.infrastructure.settings import Settings

USAGE_ERROR = 2


def run_command(arguments: list[str]) -> int:
    """Serve as the arguments and the environment say; return the exit code."""
    try:
        settings = CliApp.run(Settings, cli_args=arguments)
    except ValidationError as error:
        for problem in error.errors():
            _complain(_sentence(problem["loc"], problem["msg"], problem.get("input")))
        return USAGE_ERROR
    except SettingsError as error:
        _complain(f"A setting cannot be read: {error}.")
        return USAGE_ERROR
    # Imported late, so that --help and a wrong setting answer at once.
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
