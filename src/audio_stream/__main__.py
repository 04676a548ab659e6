"""The command: settings, container, run."""

from __future__ import annotations

import sys

from audio_stream.infrastructure.commands import run_command


def main() -> None:
    """Run the command line's command and exit with its code."""
    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()
