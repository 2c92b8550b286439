"""Asks many questions at once, within the limits, and stops at the first that fails. Used by `kv` and `listing`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from secretcore.errors import SecretError
from secretcore.limits import Limits

Q = TypeVar("Q")
A = TypeVar("A")


async def in_parallel(questions: Sequence[Q], ask: Callable[[Q], Awaitable[A]], limits: Limits) -> list[A]:
    """The answers in the order of the questions. Raises the first `SecretError`; nothing is under way any more then."""
    waiting = iter(enumerate(questions))
    answers: dict[int, A] = {}

    async def work() -> None:
        for index, question in waiting:
            answers[index] = await ask(question)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(limits.concurrent_reads, len(questions))):
                group.create_task(work())
    except* SecretError as failed:
        error: BaseException = failed
    else:
        return [answers[index] for index in range(len(questions))]
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    raise error.with_traceback(None)
