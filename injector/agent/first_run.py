"""The first run: no container starts before every ExternalSecret has its files. Tries until the deadline, unless trying
can't help. `run` calls it once.
"""

from __future__ import annotations

import asyncio

import tenacity

from injector.agent.fetching import can_change
from injector.agent.record import Record, retry_after
from injector.agent.refresh import Refresher
from secretcore.errors import SecretError

PAUSE = tenacity.wait_random_exponential(multiplier=0.5, max=15)


class NotDelivered(SecretError):
    """Some ExternalSecrets have no files. `str(error)` says which and why, in one sentence."""

    def __init__(self, records: list[Record], *, after: str = "") -> None:
        reasons = [f'ExternalSecret "{each.subject.name}": {each.error or "no answer yet"}' for each in records]
        remedies = {record.error.remedy: None for record in records if record.error and record.error.remedy}
        super().__init__("; ".join(reasons) + after, remedy="; ".join(remedies))
        errors = [record.error for record in records if record.error]
        self.pause = max(map(retry_after, errors), default=0.0)
        """Seconds that a store asked to be left alone."""
        self.may_come = all(map(can_change, errors))
        """Whether trying again can help."""


async def first_run(refresher: Refresher, deadline: float) -> None:
    """Fetches and publishes everything, trying again for `deadline` seconds; 0 is one try, however long it takes.
    Raises `NotDelivered`, `VolumeFailed`.
    """
    retrying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(_may_come),
        stop=tenacity.stop_before_delay(deadline),
        wait=_wait,
        reraise=True,
    )
    try:
        async with asyncio.timeout(deadline or None):
            await retrying(_attempt, refresher)
    except TimeoutError:
        raise NotDelivered(_missing(refresher), after=f" (tried for {deadline:g} s)") from None


async def _attempt(refresher: Refresher) -> None:
    refresher.make_due(record for record in refresher.records.values() if not _has_all(record))
    await refresher.pass_over()
    if missing := _missing(refresher):
        raise NotDelivered(missing)
    refresher.publish([record for record in refresher.records.values() if record.fetched is not None])


def _has_all(record: Record) -> bool:
    return record.is_delivered or record.fetched is not None


def _missing(refresher: Refresher) -> list[Record]:
    return [record for record in refresher.records.values() if not _has_all(record)]


def _may_come(error: BaseException) -> bool:
    return isinstance(error, NotDelivered) and error.may_come


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    pause = error.pause if isinstance(error, NotDelivered) else 0.0
    return max(pause, float(PAUSE(state)))
