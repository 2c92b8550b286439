"""Works on the keys of a `kubecore.workqueue` with a number of tasks; the only part of it that knows time.

`work` is called with a key and returns after how many seconds to come back, None for never. What it raises
is a failure: handed to `failed` (which may not raise) and retried after a back-off, or later if the error
has a `retry_after`. One key's failure never ends another's work. `kubecore.series` shows how it goes.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, Protocol, TypeVar

from kubecore.workqueue import Lane, WorkQueue

K = TypeVar("K", bound=Hashable)


class Observer(Protocol):
    """Who measures: for how many seconds each key waited, and was worked on."""

    def taken(self, waited: float) -> None: ...

    def worked(self, seconds: float) -> None: ...


class Workers(Generic[K]):
    """Keys may be added before `run` and from anywhere on the event loop. `concurrency` keys are worked on at once."""

    def __init__(
        self,
        work: Callable[[K], Awaitable[float | None]],
        failed: Callable[[K, Exception, float], None],
        *,
        concurrency: int,
        observer: Observer | None = None,
    ) -> None:
        self.queue: WorkQueue[K] = WorkQueue()
        self._work = work
        self._failed = failed
        self.concurrency = concurrency
        self._observer = observer
        self._began: dict[K, float] = {}
        self._progress: float | None = None
        self._news = asyncio.Event()
        self._stopping = False
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, key: K, lane: Lane = Lane.URGENT) -> None:
        """Have it worked on as soon as its lane's turn comes."""
        self.queue.add(key, _now(), lane)
        self._news.set()

    def add_after(self, key: K, seconds: float) -> None:
        """Have it worked on in that time at the latest, as periodic work."""
        self.queue.schedule(key, _now() + seconds)
        self._news.set()

    @property
    def busy(self) -> int:
        """How many keys are being worked on."""
        return len(self._tasks)

    @property
    def runs(self) -> bool:
        """Whether `run` is running: keys may wait for it, when somebody else works."""
        return self._progress is not None

    def running_for(self, now: float) -> list[float]:
        """Of each key that is being worked on, for how many seconds. `now` is the event loop's time."""
        return [now - began for began in self._began.values()]

    def stuck_for(self, now: float) -> float:
        """For how many seconds nothing was finished while a key waited for its turn or was being worked on.

        0 while `run` is not running: then somebody else works.
        """
        if self._progress is None:
            return 0.0
        waits = max([self.queue.overdue(now), *self.running_for(now)])
        return min(waits, now - self._progress)

    async def run(self) -> None:
        """Work until `stop`. When cancelled, work under way is cancelled too."""
        self._progress = _now()
        try:
            while not self._stopping:
                self._news.clear()
                self._start_some()
                full = len(self._tasks) >= self.concurrency
                await self._wait(None if full else self.queue.wait(_now()))
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            await self._cancel()
            self._progress = None

    async def stop(self, grace: float) -> None:
        """Take no more keys; let work under way end for `grace` seconds, then cancel it."""
        self._stopping = True
        self._news.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace)
        await self._cancel()

    async def _cancel(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start_some(self) -> None:
        while len(self._tasks) < self.concurrency and (taken := self.queue.take(_now())) is not None:
            self._began[taken.key] = _now()
            if self._observer is not None:
                self._observer.taken(taken.waited)
            task = asyncio.get_running_loop().create_task(self._one(taken.key))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._news.set()

    async def _wait(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    async def _one(self, key: K) -> None:
        try:
            again = await self._work(key)
        except Exception as error:  # noqa: BLE001 - one poisoned object must not stop the others
            wish = getattr(error, "retry_after", None) or 0.0
            seconds = self.queue.failed(key, _now(), random.random(), wish)  # noqa: S311 - no secret
            self._failed(key, error, seconds)
        except asyncio.CancelledError:
            self.queue.failed(key, _now(), 0.0)
            raise
        else:
            if again is not None:
                self.queue.schedule(key, _now() + again)
            self.queue.done(key, _now())
        finally:
            self._ended_with(key)

    def _ended_with(self, key: K) -> None:
        now = _now()
        seconds = now - self._began.pop(key)
        if self._progress is not None:
            self._progress = now
        if self._observer is not None:
            self._observer.worked(seconds)


def _now() -> float:
    return asyncio.get_running_loop().time()
