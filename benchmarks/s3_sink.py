"""A server that takes what is put into it and answers as S3 does, and does nothing else.

Started by `upload.py`: moto would be slower than what is measured. `GET /` tells how many objects
and bytes have come.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys


class Sink(asyncio.Protocol):
    """One connection."""

    objects: dict[str, tuple[int, str]] = {}  # noqa: RUF012 - shared by all connections, as S3 is
    latency_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._head = b""
        self._left = 0
        self._answer = b""

    def data_received(self, data: bytes) -> None:
        if self._left:
            self._left -= len(data)
            if not self._left:
                self._give(self._answer)
            return
        self._head += data
        head, end, body = self._head.partition(b"\r\n\r\n")
        if not end:
            return
        self._head = b""
        line, *lines = head.decode().split("\r\n")
        method, key, _ = line.split(" ")
        headers = {name.lower(): text for name, _, text in (each.partition(": ") for each in lines)}
        if method != "PUT":
            self._give(self._found(method, key))
            return
        size_bytes = int(headers["content-length"])
        etag = base64.b64decode(headers["content-md5"]).hex()
        self.objects[key] = (size_bytes, etag)
        self._answer = f'HTTP/1.1 200 OK\r\nETag: "{etag}"\r\nContent-Length: 0\r\n\r\n'.encode()
        self._left = size_bytes - len(body)
        if headers.get("expect"):
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not self._left:
            self._give(self._answer)

    def _found(self, method: str, key: str) -> bytes:
        if method == "GET":
            told = json.dumps([len(self.objects), sum(size for size, _ in self.objects.values())])
            self.objects.clear()
            return f"HTTP/1.1 200 OK\r\nContent-Length: {len(told)}\r\n\r\n{told}".encode()
        if key not in self.objects:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        size_bytes, etag = self.objects[key]
        head = f'HTTP/1.1 200 OK\r\nETag: "{etag}"\r\nContent-Length: {size_bytes}\r\n\r\n'
        return head.encode()

    def _give(self, answer: bytes) -> None:
        if self.latency_s:
            asyncio.get_running_loop().call_later(self.latency_s, self._transport.write, answer)
        else:
            self._transport.write(answer)


async def main(latency_s: float) -> None:
    """Serve until standard input ends."""
    Sink.latency_s = latency_s
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
