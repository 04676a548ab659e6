"""Take the README's pictures: a broadcast and its listener, in Chromium, on the real product."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from audio_stream.adapters.media.locate import locate_ffmpeg
from integration.product import started

CHECKOUT = Path(__file__).parents[1]
PICTURES = CHECKOUT / "docs" / "screenshots"
VIEW: ViewportSize = {"width": 1280, "height": 800}
# Titles, and how often the sample of twelve seconds is repeated to fill them.
LIBRARY = (
    ("Songs from the kitchen", 17),
    ("How the harbour sounds at night", 11),
    ("A talk with the beekeepers", 24),
    ("Reading: the first chapter", 19),
    ("Saturday’s market, live", 6),
)
SWITCHES = ("--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--no-first-run")
ON_AIR_S = 7


def upload(address: str, title: str, sample: Path) -> None:
    """Put a file into the library."""
    body = sample.read_bytes()
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(body)),
        "Upload-Metadata": f"title {base64.b64encode(title.encode()).decode()}",
        "Content-Type": "application/offset+octet-stream",
    }
    request = Request(f"{address}/api/recordings", body, headers, method="POST")  # noqa: S310 - our own server
    with urlopen(request):  # noqa: S310 - the same
        pass


def wait_until_ready(address: str, tracks: int) -> None:
    """Return once the whole library plays."""
    while True:
        with urlopen(f"{address}/api/tracks") as response:  # noqa: S310 - our own server
            found = json.load(response)["tracks"]
        renditions = [rendition["state"] for track in found for rendition in track["renditions"]]
        if len(found) == tracks and set(renditions) == {"ready"}:
            return
        time.sleep(0.2)


def speech(target: Path, times: int) -> Path:
    """Write the sample, repeated, as a file of the target's type; return it."""
    command = [str(locate_ffmpeg()), "-v", "error", "-stream_loop", str(times - 1)]
    command += ["-i", str(CHECKOUT / "tests" / "samples" / "source-cbr.mp3")]
    command += ["-c", "copy"] if target.suffix == ".mp3" else []
    subprocess.run([*command, str(target)], check=True)
    return target


def broadcast(browser: Browser, address: str) -> Page:
    """Go on air; return the recorder's page, with its picture taken."""
    page = browser.new_page(viewport=VIEW)
    page.goto(f"{address}/record")
    page.get_by_label("Title").fill("Morning show")
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text("On air", exact=True).wait_for()
    page.wait_for_timeout(ON_AIR_S * 1000)
    page.screenshot(path=PICTURES / "record.png")
    return page


def listen(browser: Browser, address: str) -> None:
    """Play what is on air, open the drawer, and take the picture."""
    page = browser.new_page(viewport=VIEW)
    page.goto(f"{address}/")
    page.get_by_role("button", name="Play", exact=True).click()
    page.get_by_role("button", name="Pause", exact=True).wait_for()
    page.get_by_role("button", name="View tracks").click()
    page.get_by_text(LIBRARY[0][0]).wait_for()
    page.wait_for_timeout(2000)
    page.screenshot(path=PICTURES / "listen.png")


def main() -> int:
    """Write docs/screenshots/record.png and listen.png."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("Chromium is needed and was not found (Debian: 'apt install chromium').")
        return 1
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        microphone = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
        sound = f"--use-file-for-fake-audio-capture={speech(folder / 'microphone.wav', 5)}"
        with started([sys.executable, "-m", "audio_stream"], folder) as address:
            for number, (title, times) in enumerate(LIBRARY):
                upload(address, title, speech(folder / f"{number}.mp3", times))
            wait_until_ready(address, len(LIBRARY))
            browser = playwright.chromium.launch(
                executable_path=chromium, args=[*SWITCHES, *microphone, sound]
            )
            secure = address.replace("127.0.0.1", "localhost")  # else there is no microphone
            studio = broadcast(browser, secure)
            listen(browser, secure)
            studio.get_by_role("button", name="Stop", exact=True).click()
            studio.locator("#finished").wait_for()
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
