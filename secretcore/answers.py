"""What stores have answered, for as long as it may be handed out: one read per question at a time, however many ask.

Whoever asks says how new the answer must be, by when the read began at the earliest (`not_before`): a read may have
seen the store as it was at any moment since. `clients` asks here before it asks a store.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar, cast

from secretcore.errors import ProviderBroken, SecretError
from secretcore.keeping import Keeping

T = TypeVar("T")

Monotonic = Callable[[], float]
"""Seconds of a clock that never goes back."""
Begin = Callable[[], None]
"""Called by a read when it begins at the store."""


@dataclass(slots=True)
class _Read:
    """One read, under way or ended. What has not begun is new enough for everybody."""

    began: float = math.inf
    task: asyncio.Task[object] | None = None
    outcome: object = None
    size: int = 0


class Answers:
    """An async context that owns the reads: one who waits may be cancelled without taking the answer from the others.
    Leaving it cancels them.
    """

    def __init__(self, keeping: Keeping, monotonic: Monotonic) -> None:
        self._keeping = keeping
        self._monotonic = monotonic
        self._kept: OrderedDict[Hashable, _Read] = OrderedDict()
        self._under_way: dict[Hashable, _Read] = {}
        self._tasks: set[asyncio.Task[object]] = set()
        self._size = 0

    async def __aenter__(self) -> Answers:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._kept.clear()
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._size

    async def get(
        self,
        question: Hashable,
        read: Callable[[Begin], Awaitable[T]],
        size: Callable[[T], int],
        not_before: float = -math.inf,
    ) -> T:
        """What `read` returns for this question, or the `SecretError` that it raises. `size` is that of an answer in
        bytes.
        """
        kept = self._kept.get(question)
        if kept is not None and kept.began >= max(not_before, self._oldest()):
            return cast("T", _given(kept.outcome))
        under_way = self._under_way.get(question)
        if under_way is None or under_way.began < not_before:
            under_way = self._start(question, read, size)
        assert under_way.task is not None
        return cast("T", _given(await asyncio.shield(under_way.task)))

    def sweep(self) -> None:
        """Drop what may not be handed out any more, so that no value stays in memory for want of a question."""
        oldest = self._oldest()
        for question in [question for question, read in self._kept.items() if read.began < oldest]:
            self._drop(question)

    def _oldest(self) -> float:
        return self._monotonic() - self._keeping.answers

    def _start(self, question: Hashable, read: Callable[[Begin], Awaitable[T]], size: Callable[[T], int]) -> _Read:
        started = self._under_way[question] = _Read()
        started.task = asyncio.get_running_loop().create_task(self._settle(question, started, read, size))
        self._tasks.add(started.task)
        started.task.add_done_callback(self._tasks.discard)
        return started

    async def _settle(
        self,
        question: Hashable,
        started: _Read,
        read: Callable[[Begin], Awaitable[T]],
        size: Callable[[T], int],
    ) -> object:
        def begin() -> None:
            started.began = min(started.began, self._monotonic())

        try:
            answer = await read(begin)
            started.outcome, started.size = answer, size(answer)
        except SecretError as error:
            started.outcome = error.with_traceback(None)
        except Exception as error:  # noqa: BLE001  # a provider that breaks its contract must not take the others along
            started.outcome = ProviderBroken.by(error)
        finally:
            if self._under_way.get(question) is started:
                del self._under_way[question]
        begin()  # an error may come before the store was asked
        self._keep(question, started)
        return started.outcome

    def _keep(self, question: Hashable, ended: _Read) -> None:
        ended.task = None
        if isinstance(ended.outcome, SecretError) and not self._keeping.errors:
            return
        kept = self._kept.get(question)
        if ended.size > self._keeping.answer_bytes or (kept is not None and kept.began > ended.began):
            return
        self._drop(question)
        self._kept[question] = ended
        self._size += ended.size
        while self._size > self._keeping.answer_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, question: Hashable) -> None:
        if dropped := self._kept.pop(question, None):
            self._size -= dropped.size


def _given(outcome: Any) -> Any:
    if isinstance(outcome, SecretError):
        raise outcome.with_traceback(None)
    return outcome
