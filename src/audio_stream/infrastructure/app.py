"""The application: routes, middlewares, and what opens before the first request."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web

from audio_stream.adapters.http.auth import basic_auth_middleware, same_site_middleware
from audio_stream.adapters.http.base_url import TRUSTED_PROXIES, parse_networks
from audio_stream.adapters.http.common_headers import on_response_prepare
from audio_stream.adapters.http.problems import problems_middleware
from audio_stream.infrastructure.background import Repeating
from audio_stream.usecases.check_readiness import Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from audio_stream.infrastructure.container import Container
    from audio_stream.infrastructure.settings import Settings

SERVER_OPTIONS: dict[str, Any] = {
    "max_field_size": 32 * 1024,  # a title of 10 kB arrives in a header, in Base64
}
"""What aiohttp's server is to be told beside the application."""

_MAX_BODY_BYTES = 64 * 1024
"""Of a body that is read whole; audio is not."""
_LOOKS_PER_SILENCE = 30
_LONGEST_LOOK_S = 60.0


def make_app(container: Container) -> web.Application:
    """Return the application that `container` wires."""
    settings: Settings = container.settings()
    middlewares = [
        container.pages_controller().not_found_middleware(),
        problems_middleware(container.journal()),
        same_site_middleware,
    ]
    if settings.admin_username is not None and settings.admin_password is not None:
        password = settings.admin_password.get_secret_value()
        middlewares.append(basic_auth_middleware(settings.admin_username, password))
    app = web.Application(middlewares=middlewares, client_max_size=_MAX_BODY_BYTES)
    app[TRUSTED_PROXIES] = parse_networks(settings.trusted_proxies)
    for controller in container.controllers():
        app.add_routes(controller.routes())
    app.on_response_prepare.append(on_response_prepare)

    async def opened(_app: web.Application) -> AsyncIterator[None]:
        async with open_everything(container):
            container.check_readiness().stage = Stage.SERVING
            yield

    async def end_streams(_app: web.Application) -> None:
        container.check_readiness().stage = Stage.STOPPING
        container.events().end_all()
        await container.open_recordings().close_all()

    app.cleanup_ctx.append(opened)
    app.on_shutdown.append(end_streams)
    return app


@asynccontextmanager
async def open_everything(container: Container) -> AsyncIterator[None]:
    """Open what the use cases need; behind it, what the last stop left undone goes on."""
    settings: Settings = container.settings()
    async with AsyncExitStack() as stack:
        container.scratch().sweep()
        stores = [container.catalog(), container.spool(), container.blobs()]
        if settings.media_persist_s3_bucket_name is not None:
            stores.append(container.uploads())
        for resource in stores:
            await stack.enter_async_context(resource)
        await stack.enter_async_context(container.work())
        await stack.enter_async_context(container.live_mp3())
        await container.resume_work().index()
        stack.push_async_callback(container.open_recordings().close_all)
        await stack.enter_async_context(container.resuming())
        for use_case, every_s in (
            (container.interrupt_recordings(), settings.silence_s / _LOOKS_PER_SILENCE),
            (container.expire_recordings(), settings.resume_window_s / _LOOKS_PER_SILENCE),
        ):
            looks = Repeating(
                use_case.execute,
                every_s=min(every_s, _LONGEST_LOOK_S),
                journal=container.journal(),
            )
            await stack.enter_async_context(looks)
        yield
