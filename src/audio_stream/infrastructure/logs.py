"""The log: one line an event, as text or JSON, on standard error."""

from __future__ import annotations

import logging
import sys

import structlog
from aiohttp.http_exceptions import HttpProcessingError

from audio_stream.usecases.ports import Journal


def configure_logs(log_format: str) -> None:
    """Set structlog up, and let the libraries' own warnings through."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("aiohttp.server").addFilter(_is_no_strangers_mistake)
    renderer: structlog.typing.Processor
    if log_format == "json":
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if log_format == "json" else []),
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _is_no_strangers_mistake(record: logging.LogRecord) -> bool:
    """Pass over requests that are no HTTP: anyone could fill the log with pages about them."""
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)


class LogJournal(Journal):
    """The journal in the log."""

    def __init__(self) -> None:
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

    def note(self, event: str, subject: str, **details: object) -> None:
        """Log one line."""
        self._log.info(event, subject=subject, **details)

    def error(self, event: str, subject: str, error: BaseException) -> None:
        """Log one line and the traceback."""
        self._log.error(event, subject=subject, exc_info=error)
