"""Log lines as JSON, one object a line, on standard error: time, level, message, and facts. Never a value.

Of an error only its type is told: its text may hold what a library put there.

`kubecore.logs` does the same for controller and webhook, with levels and times to choose: the agent imports nothing of
Kubernetes, the core does not log, and a package for thirty lines would be one more to know.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import IO, Any

LOGGER = logging.getLogger("injector.agent")
LIBRARIES = ("httpx", "httpcore", "asyncio", "watchdog")
"""Below a warning they log every request."""


class JsonFormatter(logging.Formatter):
    """One line for a record."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = type(record.exc_info[1]).__name__
        return json.dumps(line, ensure_ascii=False, default=str)


def log_to(stream: IO[str] = sys.stderr) -> None:
    """Send everything that is logged in this process to a stream, as JSON."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level="INFO", force=True)
    LOGGER.setLevel(logging.NOTSET)
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)


def quiet() -> None:
    """Say nothing: what went wrong is told otherwise."""
    LOGGER.setLevel(logging.CRITICAL)


def info(message: str, **facts: Any) -> None:
    """What an operator may want to know."""
    LOGGER.info(message, extra={"facts": facts})


def warning(message: str, **facts: Any) -> None:
    """What went wrong and is tried again."""
    LOGGER.warning(message, extra={"facts": facts})


def error(message: str, **facts: Any) -> None:
    """What went wrong and needs somebody."""
    LOGGER.error(message, extra={"facts": facts})
