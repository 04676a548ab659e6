"""An end to waiting for a server that neither takes nor gives anything any more."""

from __future__ import annotations

import asyncio
from typing import Any

from aiobotocore.httpsession import AIOHTTPSession
from botocore.exceptions import ReadTimeoutError


class ImpatientSession(AIOHTTPSession):  # type: ignore[misc]  # it has no types
    """Gives a request up when it stands still for the read timeout.

    aiohttp's own timeout runs only once a body is sent: a server that stops reading, or never
    says `100 Continue`, would be waited for without end.
    """

    async def send(self, request: Any) -> Any:  # noqa: ANN401 - the same
        """Return the answer. Raises ReadTimeoutError, which is worth another try."""
        sending = asyncio.create_task(super().send(request))
        sent_before = 0
        try:
            while not (await asyncio.wait({sending}, timeout=self._timeout.sock_read))[0]:
                sent = request.body.tell() if hasattr(request.body, "tell") else 0
                if sent == sent_before:
                    raise ReadTimeoutError(endpoint_url=request.url)
                sent_before = sent
            return await sending
        finally:
            sending.cancel()
