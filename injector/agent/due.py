"""When an ExternalSecret is read again. Pure: seconds in, seconds out; `refresh` has the clock and the dice."""

from __future__ import annotations

FIRST_BACKOFF = 1.0
LONGEST_BACKOFF = 300.0
SHORTEST_CAP = 30.0
JITTER = 0.1


def next_interval(interval: float, spread: float) -> float:
    """Seconds until the next refresh after a good one: at most the interval, up to a tenth less by `spread` in [0, 1),
    so that pods that started together don't stay together.
    """
    return interval * (1 - JITTER * spread)


def backoff(failures: int, interval: float, spread: float, at_least: float = 0.0) -> float:
    """Seconds after `failures` (at least 1) in a row: 1, 2, 4 …, at most 5 minutes, and for a short interval at most
    that (but half a minute), each shortened by up to a quarter; never less than the backend asked for.
    """
    cap = min(LONGEST_BACKOFF, max(SHORTEST_CAP, interval)) if interval else LONGEST_BACKOFF
    seconds: float = min(cap, FIRST_BACKOFF * 2.0 ** min(failures - 1, 20)) * (1 - spread / 4)
    return max(seconds, at_least)
