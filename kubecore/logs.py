"""Log lines as JSON, one object a line, on standard error: time, level, logger, message, and the facts of what is told
(`extra={"facts": …}`).
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import IO, Any, Literal

TimeEncoding = Literal["epoch", "millis", "nano", "iso8601", "rfc3339", "rfc3339nano"]
LEVELS = {"warn": "WARNING", "dpanic": "CRITICAL", "panic": "CRITICAL", "fatal": "CRITICAL"}
"""Levels that ESO names otherwise than Python does."""
LIBRARIES = ("httpx", "httpcore", "aiohttp", "asyncio")
"""Below a warning they log every request, headers of answers included."""


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


class JsonFormatter(logging.Formatter):
    """A traceback shows where, and of the errors only their types: their texts may hold what libraries put there."""

    def __init__(self, times: TimeEncoding = "iso8601") -> None:
        super().__init__()
        self._times = times

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": _time(record.created, self._times),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = type(record.exc_info[1]).__name__
            line["traceback"] = _places(record.exc_info[1])
        return _ENCODER.encode(line)


def log_to(stream: IO[str] = sys.stderr, level: str = "info", times: TimeEncoding = "iso8601") -> None:
    """Send everything that is logged in this process from a level on (in ESO's words) to a stream, as JSON."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter(times))
    level = LEVELS.get(level.lower(), level.upper())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # no line shows them
    for library in LIBRARIES:
        logging.getLogger(library).setLevel(logging.WARNING)


def _time(seconds: float, encoding: TimeEncoding) -> str | float:
    match encoding:
        case "epoch":
            return seconds
        case "millis":
            return seconds * 1e3
        case "nano":
            return int(seconds * 1e9)
        case _:
            parts = {"iso8601": "milliseconds", "rfc3339": "seconds", "rfc3339nano": "microseconds"}
            text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec=parts[encoding])
            return text.replace("+00:00", "Z")


def _places(error: BaseException) -> list[str]:
    places, trace = [], error.__traceback__
    while trace:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename}:{trace.tb_lineno} {code.co_qualname}")
        trace = trace.tb_next
    return places
