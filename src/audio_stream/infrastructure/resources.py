"""Where the pages lie: inside an installed wheel, or beside `src/` in a checkout."""

from __future__ import annotations

from pathlib import Path

import audio_stream


def web_folder() -> Path:
    """Return the folder of the pages. Raises FileNotFoundError if the installation is broken."""
    package = Path(audio_stream.__file__).parent
    for folder in (package / "web", package.parent.parent / "web"):
        if (folder / "listen.html").is_file():
            return folder
    raise FileNotFoundError("The pages are missing from this installation of audio-stream.")
