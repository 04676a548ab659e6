"""WebKitGTK, which has Safari's engine, through the W3C WebDriver protocol."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout

from browser.drivers.desktop import missing, running, screen, sound_card
from browser.drivers.engine import Engine, EngineKind, EnginePage, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PATIENCE_S = 120
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""What marks an element among JSON (W3C WebDriver §12.1)."""
_SWITCHES = (
    "--automation",
    "--enable-mock-capture-devices=true",
    "--enable-media-stream=true",
    "--enable-mediasource=true",
)
_ENVIRONMENT = {
    "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",  # it needs namespaces that containers lack
    "LIBGL_ALWAYS_SOFTWARE": "1",
    "DBUS_SESSION_BUS_ADDRESS": "disabled:",
}


def _mini_browser() -> Path | None:
    return next(Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser"), None)


class WebKitPage(EnginePage):
    """A window of a browser of its own: a driver has one session at a time."""

    def __init__(self, http: ClientSession, session: str) -> None:
        self._http = http
        self._session = session

    async def open(self, url: str) -> None:
        await ask(self._http, "POST", f"{self._session}/url", url=url)
        # It comes back before the page's modules have run.
        await until(self, "document.readyState === 'complete'")

    async def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - JSON
        script = f"""const done = arguments[arguments.length - 1];
          (async () => JSON.stringify(await ({expression})))().then(
            (text) => done([true, text ?? "null"]), (error) => done([false, String(error)]));"""
        went_well, text = await self._run("async", script)
        assert went_well, text
        return json.loads(text)

    async def click(self, name: str) -> None:
        is_named = "(b) => (b.getAttribute('aria-label') ?? b.textContent).trim() === arguments[0]"
        script = f"return [...document.querySelectorAll('button')].find({is_named})"
        button = await self._run("sync", script, name)
        assert button, f"there is no button {name}"
        await ask(self._http, "POST", f"{self._session}/element/{button[_ELEMENT]}/click")

    async def close(self) -> None:
        await ask(self._http, "DELETE", self._session)

    async def _run(self, how: str, script: str, *arguments: str) -> Any:  # noqa: ANN401 - JSON
        path = f"{self._session}/execute/{how}"
        return await ask(self._http, "POST", path, script=script, args=arguments)


class RunningWebKit(Engine):
    """A screen and a sound card, and the browsers before them."""

    tones_hz = (150, 500, 1500)

    def __init__(self, folder: Path, env: dict[str, str], stack: AsyncExitStack) -> None:
        self._folder = folder
        self._env = env
        self._stack = stack

    async def new_page(self) -> WebKitPage:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        driver = running("WebKitWebDriver", f"--port={port}", env=self._env)
        await self._stack.enter_async_context(driver)
        http = ClientSession(f"http://127.0.0.1:{port}", timeout=ClientTimeout(_PATIENCE_S))
        await self._stack.enter_async_context(http)
        await _listening(http)
        options = {"binary": str(_mini_browser()), "args": _SWITCHES}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        begun = await ask(http, "POST", "/session", capabilities=wanted)
        session = f"/session/{begun['sessionId']}"
        await ask(http, "POST", f"{session}/timeouts", script=_PATIENCE_S * 1000)
        return WebKitPage(http, session)


class WebKit(EngineKind):
    """Debian's `webkit2gtk-driver`, with a screen from `xvfb`, and a sound card."""

    name = "webkit"

    def missing(self) -> str | None:
        if _mini_browser() is None:
            return "webkit2gtk-4.1's MiniBrowser"
        return missing(("WebKitWebDriver", "Xvfb", "pulseaudio"))

    @asynccontextmanager
    async def started(self, folder: Path) -> AsyncIterator[RunningWebKit]:
        async with screen() as seen, sound_card(folder) as heard, AsyncExitStack() as stack:
            home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
            yield RunningWebKit(folder, {**_ENVIRONMENT, **home, **seen, **heard}, stack)


async def _listening(http: ClientSession) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            try:
                await ask(http, "GET", "/status")
            except ClientConnectionError:
                await asyncio.sleep(0.05)  # it tells nobody when it listens
            else:
                return


async def ask(http: ClientSession, method: str, path: str, **body: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the value of a WebDriver command."""
    async with http.request(method, path, json=body if method == "POST" else None) as response:
        answer = await response.json()
        assert response.status == 200, answer
        return answer["value"]
