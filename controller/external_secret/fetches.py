"""Reads of stores that take their time without taking a worker's: who is not answered within a moment is called back
when it is, so that a store that hangs holds up nobody but its own users. `reconciler` asks here, `gather` reads.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from controller.kinds import StoreKey
from kubecore.cache import Key
from secretcore.errors import SecretError
from secretcore.plan import Rendered

PATIENCE = 1.0
"""Seconds that a worker waits for an answer."""
MOST_PER_STORE = 32
"""Reads of one store that may be under way beyond that."""
BUSY = 2.0
"""Seconds after which to try again at a store that has so many."""

Outcome = Rendered | SecretError


@dataclass(frozen=True, slots=True)
class Pending:
    """There is no answer yet. Look again after these seconds, unless called before."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class _Read:
    version: str
    stores: frozenset[StoreKey]
    task: asyncio.Task[Outcome]


class Fetches:
    """Reads under way, one per ExternalSecret."""

    def __init__(self, wake: Callable[[Key], None], patience: float = PATIENCE) -> None:
        self._wake = wake
        self._patience = patience
        self._reads: dict[Key, _Read] = {}

    async def outcome(
        self, key: Key, version: str, stores: Iterable[StoreKey], read: Callable[[], Awaitable[Outcome]]
    ) -> Outcome | Pending:
        """What a read comes to. One that was begun for another version of the ExternalSecret is given up."""
        known = self._reads.get(key)
        if known is not None and known.version != version:
            self.forget(key)
            known = None
        if known is None:
            wanted = frozenset(stores)
            if self._is_busy(wanted):
                return Pending(BUSY)
            known = self._reads[key] = _Read(version, wanted, asyncio.ensure_future(_run(read)))
        done, _ = await asyncio.wait([known.task], timeout=self._patience)
        if not done:
            known.task.add_done_callback(lambda task: None if task.cancelled() else self._wake(key))
            return Pending(None)
        self._reads.pop(key, None)
        return known.task.result()

    def forget(self, key: Key) -> None:
        """Nobody waits for it any more."""
        if read := self._reads.pop(key, None):
            read.task.cancel()

    async def stop(self) -> None:
        """Give all up."""
        tasks = [read.task for read in self._reads.values()]
        self._reads.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _is_busy(self, stores: frozenset[StoreKey]) -> bool:
        under_way = Counter(store for read in self._reads.values() if not read.task.done() for store in read.stores)
        return any(under_way[store] >= MOST_PER_STORE for store in stores)


async def _run(read: Callable[[], Awaitable[Outcome]]) -> Outcome:
    return await read()
