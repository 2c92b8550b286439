"""What the fault-injecting proxy (`tests.support.faults`) can do to one request: a closed set of values.

`MARKER` is in every body that a fault makes up, so a test can assert that no message or log repeats a
backend's body.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

MARKER = "c4nary-from-the-response-body"
END = b""
HTML = f"<!doctype html><html><body><h1>Sign in</h1><p>{MARKER}</p></body></html>"


@dataclass(frozen=True)
class Forward:
    """Pass the request on to the upstream, and its answer back."""


@dataclass(frozen=True)
class Answer:
    """Answer instead of the upstream. `body` is text or bytes; Content-Length is added."""

    status: int = 200
    body: str | bytes = ""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


@dataclass(frozen=True)
class Stall:
    """Never answer: `request` takes it and does nothing, `committed` after the upstream did the work. `reached` is set
    when it came so far.
    """

    after: str = "request"
    reached: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Reset:
    """Reset the connection: `request` on receipt, `committed` after the upstream did the work, `headers`
    after these.
    """

    after: str = "request"


@dataclass(frozen=True)
class Truncate:
    """Close after `keep` bytes of the answer's body, though its Content-Length promises all of it."""

    keep: int = 10


@dataclass(frozen=True)
class Huge:
    """Answer 200 with a JSON string of `size` bytes, streamed."""

    size: int = 70 * 1024 * 1024


@dataclass(frozen=True)
class Drip:
    """Pass the answer on in pieces of `piece` bytes with `pause` seconds between them."""

    piece: int = 1
    pause: float = 0.01


@dataclass(frozen=True)
class Hold:
    """Keep the request until the test calls `release()`, then pass it on. `arrived` is set when it is
    here.
    """

    arrived: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def release(self) -> None:
        self.released.set()


@dataclass(frozen=True)
class Stream:
    """Answer 200 with chunked JSON `lines` (a watch), then `stall`, `close` properly or `reset`."""

    lines: tuple[str, ...]
    then: str = "stall"


@dataclass(frozen=True)
class Cut:
    """Pass the answer on and reset the connection after `lines` lines of its body (a watch)."""

    lines: int


@dataclass(frozen=True)
class Rewrite:
    """Pass the answer on line by line (a watch). What `change` makes of lines that came within `window` seconds is
    sent in their place; with nothing to send the connection stays silent, END among it ends the answer in good order.
    It runs on the proxy's thread.
    """

    change: Callable[[list[bytes]], list[bytes]]
    window: float = 0.0


Fault = Forward | Answer | Stall | Reset | Truncate | Huge | Drip | Hold | Stream | Cut | Rewrite


def status(code: int, *, retry_after: str | None = None) -> Answer:
    """An error answer in JSON whose body carries the marker, in the shapes of several backends at once."""
    headers = {"Content-Type": "application/json"}
    if retry_after is not None:
        headers["Retry-After"] = retry_after
    return Answer(code, json.dumps({"errors": [MARKER], "message": MARKER, "error": MARKER}), headers)


def html() -> Answer:
    """A sign-in page with status 200, as captive portals and misrouted ingresses give."""
    return Answer(200, HTML, {"Content-Type": "text/html; charset=utf-8"})
