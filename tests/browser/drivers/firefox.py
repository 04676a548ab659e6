"""Firefox without geckodriver: WebDriver BiDi straight over its WebSocket."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, ClientWebSocketResponse

from browser.drivers.desktop import missing, running, sound_card
from browser.drivers.engine import Engine, EngineKind, EnginePage

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator
    from pathlib import Path

_START_TIMEOUT_S = 60
TONE_HZ = 1250
PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.audio.fake_frequency": TONE_HZ,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}


class Bidi:
    """A WebDriver BiDi connection (W3C WebDriver BiDi §3.3)."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._count = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def read(self) -> None:
        """Hand every answer to whoever waits for it, until the connection closes."""
        async for message in self._socket:
            answer = json.loads(message.data)
            waiting = self._waiting.pop(answer.get("id"), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Return the result of a command."""
        self._count += 1
        waiting = self._waiting[self._count] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._count, "method": method, "params": params})
        answer = await waiting
        assert answer["type"] == "success", answer
        result: dict[str, Any] = answer["result"]
        return result


class FirefoxPage(EnginePage):
    """A tab."""

    def __init__(self, bidi: Bidi, context: str) -> None:
        self._bidi = bidi
        self._context = context

    async def open(self, url: str) -> None:
        await self._bidi.ask(
            "browsingContext.navigate", context=self._context, url=url, wait="complete"
        )

    async def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - JSON
        answer = await self._bidi.ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        text = answer["result"].get("value")
        return None if text is None else json.loads(text)

    async def click(self, name: str) -> None:
        button = {"type": "accessibility", "value": {"role": "button", "name": name}}
        found = await self._bidi.ask(
            "browsingContext.locateNodes", context=self._context, locator=button
        )
        (node,) = found["nodes"]
        origin = {"type": "element", "element": {"sharedId": node["sharedId"]}}
        pointer = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        await self._bidi.ask(
            "input.performActions",
            context=self._context,
            actions=[{"type": "pointer", "id": "mouse", "actions": pointer}],
        )

    async def run_first(self, function: str) -> None:
        """Call a JavaScript function in every document of this tab, before its own scripts."""
        await self._bidi.ask(
            "script.addPreloadScript", functionDeclaration=function, contexts=[self._context]
        )

    async def close(self) -> None:
        await self._bidi.ask("browsingContext.close", context=self._context)


class RunningFirefox(Engine):
    """A headless Firefox."""

    tones_hz = (TONE_HZ,)

    def __init__(self, bidi: Bidi) -> None:
        self._bidi = bidi

    async def new_page(self) -> FirefoxPage:
        # A tab behind another would draw nothing.
        created = await self._bidi.ask("browsingContext.create", type="window")
        return FirefoxPage(self._bidi, created["context"])


class Firefox(EngineKind):
    """Debian's `firefox-esr`, with a sound card from `pulseaudio`."""

    name = "firefox"

    def missing(self) -> str | None:
        return missing(("firefox-esr", "pulseaudio"))

    @asynccontextmanager
    async def started(self, folder: Path) -> AsyncIterator[RunningFirefox]:
        profile = folder / "profile"
        profile.mkdir()
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
        (profile / "user.js").write_text("\n".join(lines))
        async with (
            sound_card(folder) as sound,
            running(
                *("firefox-esr", "--headless", "--no-remote", "--profile", profile),
                "--remote-debugging-port=0",
                env={"HOME": str(folder), **sound},
                is_heard=True,
            ) as process,
            ClientSession() as http,
            http.ws_connect(await _address(process) + "/session", max_msg_size=0) as socket,
        ):
            bidi = Bidi(socket)
            reading = [asyncio.create_task(bidi.read()), asyncio.create_task(_drain(process))]
            await bidi.ask("session.new", capabilities={})
            yield RunningFirefox(bidi)
            for task in reading:
                task.cancel()


async def _address(process: Process) -> str:
    """Return the WebSocket that Firefox names among its complaints."""
    assert process.stderr is not None
    async with asyncio.timeout(_START_TIMEOUT_S):
        async for line in process.stderr:
            named = re.search(rb"listening on (ws://\S+)", line)
            if named:
                return named[1].decode()
    raise AssertionError(f"Firefox ended with {await process.wait()}")


async def _drain(process: Process) -> None:
    assert process.stderr is not None
    async for _ in process.stderr:
        pass
