"""What to work on next: a queue of keys that decides order, repetition and back-off. Pure: `now` is an
argument.

Keys come from reflectors (something changed) and from reconcilers (come back then); `kubecore.workers`
takes them. A key waits at most once, and is never handed out again before it is done; what is added
meanwhile is remembered.
"""

import heapq
import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from itertools import count
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 420.0  # seconds
URGENT_IN_A_ROW = 3  # so that a quarter is left to the periodic lane while both are waiting


class Lane(IntEnum):
    """Why a key waits. The lower goes first."""

    URGENT = 0  # new, changed or forced
    PERIODIC = 1  # a refresh or a retry whose time has come


@dataclass(frozen=True)
class Taken(Generic[K]):
    """A key to work on now, and how many seconds it could have been taken earlier."""

    key: K
    lane: Lane
    waited: float


def backoff(failures: int, spread: float) -> float:
    """Seconds after `failures` (at least 1) in a row: 1, 2, 4 ... 420, each shortened by up to a quarter by
    `spread` in [0, 1), so that what failed together is not retried together.
    """
    return min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(failures - 1, 20)) * (1 - spread / 4)


def next_refresh(uid: str, interval: float, last: float) -> float:
    """When an object that was refreshed at `last` (seconds since the epoch) is to be refreshed again.

    Later than `last` and no more than `interval` seconds after it, at a phase of the interval that only the
    UID decides: objects that were made or restarted together spread over the interval, and stay spread.
    """
    phase = int.from_bytes(sha256(uid.encode()).digest()[:6]) / 2**48 * interval
    due = phase + math.floor((last - phase) / interval + 1) * interval
    return min(due if due > last else due + interval, last + interval)


class WorkQueue(Generic[K]):
    """All times are seconds of one clock of the caller's choice that never goes back.

    `adds` counts how often a key began to wait, `retries` how often one was to come back later.
    """

    def __init__(self) -> None:
        self.adds = 0
        self.retries = 0
        self._ready: dict[Lane, OrderedDict[K, float]] = {lane: OrderedDict() for lane in Lane}
        self._due: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = count()
        self._working: dict[K, Lane | None] = {}  # and the lane that it was added to meanwhile
        self._failures: dict[K, int] = {}
        self._urgent_in_a_row = 0

    def add(self, key: K, now: float, lane: Lane = Lane.URGENT) -> None:
        """It is to be worked on as soon as its lane's turn comes, whatever was scheduled for it."""
        self._due.pop(key, None)
        if key in self._working:
            meanwhile = self._working[key]
            self._working[key] = lane if meanwhile is None else min(meanwhile, lane)
            return
        self.adds += not self._is_ready(key)
        if lane is Lane.URGENT:
            since = self._ready[Lane.PERIODIC].pop(key, now)
            self._ready[lane].setdefault(key, since)
        elif key not in self._ready[Lane.URGENT]:
            self._ready[lane].setdefault(key, now)

    def schedule(self, key: K, at: float) -> None:
        """It is to be worked on at `at` at the latest, as periodic work."""
        if self._waits(key) or at >= self._due.get(key, math.inf):
            return
        self.retries += 1
        self._due[key] = at
        heapq.heappush(self._heap, (at, next(self._order), key))

    def take(self, now: float) -> Taken[K] | None:
        """The key to work on now, None when there is none. It must be given back: `done` or `failed`."""
        self._wake(now)
        urgent, periodic = self._ready[Lane.URGENT], self._ready[Lane.PERIODIC]
        if not urgent and not periodic:
            return None
        yields = not urgent or (bool(periodic) and self._urgent_in_a_row >= URGENT_IN_A_ROW)
        lane = Lane.PERIODIC if yields else Lane.URGENT
        self._urgent_in_a_row = 0 if yields or not periodic else self._urgent_in_a_row + 1
        key, since = self._ready[lane].popitem(last=False)
        self._working[key] = None
        return Taken(key, lane, now - since)

    def done(self, key: K, now: float) -> None:
        """Work on it ended well: its back-off begins anew."""
        self._failures.pop(key, None)
        self._give_back(key, now)

    def failed(self, key: K, now: float, spread: float, at_least: float = 0.0) -> float:
        """Work on it failed; returns after how many seconds it is retried (if nothing adds it sooner)."""
        self._failures[key] = self._failures.get(key, 0) + 1
        seconds = max(backoff(self._failures[key], spread), at_least)
        self.schedule(key, now + seconds)
        self._give_back(key, now)
        return seconds

    def wait(self, now: float) -> float | None:
        """Seconds until `take` has something: 0 when it has now, None when only an `add` can change that."""
        self._wake(now)
        if any(self._ready.values()):
            return 0.0
        return self._heap[0][0] - now if self._heap else None

    def depth(self, lane: Lane) -> int:
        """How many keys could be taken from a lane, as of the last `take` or `wait`."""
        return len(self._ready[lane])

    def overdue(self, now: float) -> float:
        """For how many seconds the key that waits longest could have been taken; 0 when there is none."""
        self._wake(now)
        return max((now - since for lane in self._ready.values() for since in lane.values()), default=0.0)

    def _waits(self, key: K) -> bool:
        return self._is_ready(key) or self._working.get(key) is not None

    def _is_ready(self, key: K) -> bool:
        return any(key in lane for lane in self._ready.values())

    def _give_back(self, key: K, now: float) -> None:
        lane = self._working.pop(key)
        if lane is not None:
            self.add(key, now, lane)

    def _wake(self, now: float) -> None:
        """Move what is due into the periodic lane, and drop what was scheduled anew since."""
        while self._heap:
            at, _, key = self._heap[0]
            current = self._due.get(key) == at
            if current and at > now:
                return
            heapq.heappop(self._heap)
            if current:
                self.add(key, at, Lane.PERIODIC)
