"""The Lambda Runtime API, as small as awslambdaric needs it, and a function running against it.

Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_ANSWER_TIMEOUT_S = 60


@dataclass(frozen=True)
class Answer:
    """How an invocation ended."""

    failed: bool
    body: Any


class LambdaRuntime:
    """Hands events to a function, one at a time."""

    def __init__(self) -> None:
        self._events: queue.Queue[tuple[dict[str, Any], float]] = queue.Queue()
        self._answers: queue.Queue[Answer] = queue.Queue()

    def invoke(self, event: dict[str, Any], *, time_limit_s: float = 300.0) -> Answer:
        self._events.put((event, time_limit_s))
        return self._answers.get(timeout=_ANSWER_TIMEOUT_S)

    def make_handler(self) -> type[BaseHTTPRequestHandler]:
        events, answers = self._events, self._answers

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                event, time_limit_s = events.get()
                body = json.dumps(event).encode()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "request-1")
                deadline_ms = int((time.time() + time_limit_s) * 1000)
                self.send_header("Lambda-Runtime-Deadline-Ms", str(deadline_ms))
                arn = "arn:aws:lambda:eu-west-1:123456789012:function:convertToMp3"
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", arn)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answers.put(Answer(not self.path.endswith("/response"), json.loads(body)))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@contextmanager
def running_function(environment: Mapping[str, str], scratch: Path) -> Iterator[LambdaRuntime]:
    """Run `convertToMp3` under AWS's own runtime client; `scratch` is its /tmp."""
    runtime = LambdaRuntime()
    server = ThreadingHTTPServer(("127.0.0.1", 0), runtime.make_handler())
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    function = subprocess.Popen(
        [sys.executable, "-m", "awslambdaric", "handler.handler"],
        cwd=ROOT / "functions" / "convert_to_mp3",
        env={
            **os.environ,
            **environment,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": "convertToMp3",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT / "src"), str(ROOT / "functions" / "convert_to_mp3")]
            ),
            "TMPDIR": str(scratch),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield runtime
    finally:
        function.kill()
        function.wait()
        server.shutdown()
        server.server_close()
