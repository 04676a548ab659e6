"""Icecast 2.4 with the same sound, for benchmarks/latency.py."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from fanout_servers import Icecast

from audio_stream.adapters.media.locate import locate_ffmpeg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FORMATS = {
    "Icecast Ogg": ("main.ogg", "-c copy -page_duration 100000 -f ogg -content_type audio/ogg"),
    "Icecast MP3": ("main.mp3", "-c:a libmp3lame -b:a 128k -f mp3 -content_type audio/mpeg"),
}


class _Relay(Icecast):
    """Icecast with its own defaults, and ffmpeg as the programs that send to it."""

    def __init__(self, folder: Path, live_url: str) -> None:
        super().__init__(folder)
        folder.parent.chmod(0o755)  # it does not run as root
        self._live_url = live_url
        self._sources: list[subprocess.Popen[bytes]] = []

    def _connect_source(self) -> None:
        super()._connect_source()  # waits until it is there
        self._source.close()
        for path, options in _FORMATS.values():
            hears = ("-fflags", "nobuffer", "-i", f"{self._live_url}?backlog=0")
            sends = (*options.split(), "-flush_packets", "1")
            url = f"icecast://source:fanout@127.0.0.1:{self.port}/{path}"
            command = [str(locate_ffmpeg()), "-v", "error", "-nostdin", *hears, *sends, url]
            self._sources.append(subprocess.Popen(command))

    def __exit__(self, *error: object) -> None:
        for source in self._sources:
            source.kill()
            source.wait()
        super().__exit__(*error)


@contextmanager
def relayed(folder: Path, live_url: str) -> Iterator[dict[str, str]]:
    """Give what to listen to: by name, the addresses of what is sent on to Icecast."""
    with ExitStack() as stack:
        relay = stack.enter_context(_Relay(folder, live_url))
        yield {
            name: f"http://127.0.0.1:{relay.port}/{path}" for name, (path, _) in _FORMATS.items()
        }
