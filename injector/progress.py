"""Says on standard error what a command is waiting for, once it takes longer than two seconds: on a terminal one line
that is written over, else a plain line now and then. The commands tell a `Progress` what they do; time is given to it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

PATIENCE = 2.0
"""Seconds for which nothing is said."""
EVERY = 10.0
"""Seconds between two plain lines."""
TICK = 0.25
NAMED = 3
"""How many of the things that are under way have their name in the line."""
CLEAR = "\r\x1b[K"
WIDTH = 79
"""Of the line on a terminal: one that wraps can't be written over."""


class Progress:
    """What is under way, in words. `now` is seconds on a clock that never goes back."""

    def __init__(self, write: Callable[[str], object], now: Callable[[], float], *, terminal: bool) -> None:
        self._write = write
        self._now = now
        self._terminal = terminal
        self._began = now()
        self._said_at: float | None = None
        self._under_way: list[str] = []
        self._done = 0
        self._expected = 0

    def expect(self, count: int) -> None:
        """So many more things will be done."""
        self._expected += count

    @contextmanager
    def during(self, what: str) -> Iterator[None]:
        """One thing is under way."""
        self._under_way.append(what)
        try:
            yield
        finally:
            self._under_way.remove(what)
            self._done += 1

    def tick(self) -> None:
        """Says something if it is time for it."""
        now = self._now()
        if now - self._began < PATIENCE:
            return
        if self._terminal:
            self._write(f"{CLEAR}{self._line(now)[:WIDTH]}")
            self._said_at = now
        elif self._said_at is None or now - self._said_at >= EVERY:
            self._write(f"{self._line(now)}\n")
            self._said_at = now

    def end(self) -> None:
        """Leaves the terminal's line as it was."""
        if self._terminal and self._said_at is not None:
            self._write(CLEAR)
        self._said_at = None

    def _line(self, now: float) -> str:
        names = ", ".join(self._under_way[:NAMED])
        more = len(self._under_way) - NAMED
        waiting = f"{names} and {more} more" if more > 0 else names or "the end"
        total = max(self._expected, self._done + len(self._under_way))
        return f"{now - self._began:.0f} s: {self._done} of {total} done, waiting for {waiting}"


@asynccontextmanager
async def shown(*, silent: bool = False) -> AsyncIterator[Progress]:
    """Progress on this process's standard error."""
    write = _nowhere if silent else _to_standard_error
    progress = Progress(write, time.monotonic, terminal=sys.stderr.isatty())
    ticking = asyncio.ensure_future(_tick(progress))
    try:
        yield progress
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
        progress.end()


async def _tick(progress: Progress) -> None:
    while True:
        await asyncio.sleep(TICK)
        progress.tick()


def _to_standard_error(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _nowhere(text: str) -> None:
    pass
