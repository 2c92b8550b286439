"""What the agent says of itself: alive, started, ready, and its figures as Prometheus text. Answers for `http_server`;
values come from `refresh` and `notify`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from injector.agent.http_server import Routes
from injector.agent.notify import Notifier
from injector.agent.record import error_class, stale_at
from injector.agent.refresh import Refresher

STUCK = 1800.0
"""Seconds that no refresh takes: each request ends after half a minute, whatever the store does."""


@dataclass(slots=True)
class Health:
    """Of one agent."""

    refresher: Refresher
    notifier: Notifier
    handoff_error: str = ""
    """Why a hand-off that came later was not taken up."""

    def not_ready(self) -> str:
        """Why the files are not to be relied on; empty where they are."""
        if not self.refresher.is_started:
            return "not every ExternalSecret has its files yet"
        stale = stale_at(self.refresher.records.values(), self.refresher.work.max_staleness)
        if stale is not None and time.time() > stale:
            return "an ExternalSecret was not refreshed for too long"
        return ""

    def not_alive(self) -> str:
        """Why only a new process helps; empty where this one works. One that is blocked altogether answers nothing."""
        now = asyncio.get_running_loop().time()
        for record in self.refresher.records.values():
            since = record.begun_at if record.busy else record.due_at
            if since is not None and record.fetched is None and now - since > STUCK:
                return "a refresh does not end"
        return ""

    def routes(self) -> Routes:
        """The endpoints."""
        return {
            "/healthz": lambda: (503, f"{why}\n") if (why := self.not_alive()) else (200, "ok\n"),
            "/startupz": lambda: (200, "ok\n") if self.refresher.is_started else (503, f"{self.not_ready()}\n"),
            "/readyz": lambda: (503, f"{why}\n") if (why := self.not_ready()) else (200, "ok\n"),
            "/metrics": lambda: (200, "".join(f"{line}\n" for line in self._metrics())),
        }

    def _metrics(self) -> Iterator[str]:
        records = self.refresher.records.values()
        now = time.time()
        ages = {record.subject.name: now - record.refreshed_at for record in records if record.refreshed_at}
        yield from _family("refresh_age_seconds", "gauge", "Since the stores last answered.", ages)
        yield from _family(
            "refreshes_total",
            "counter",
            "Refreshes that ended well.",
            {each.subject.name: each.refreshes for each in records},
        )
        yield from _family(
            "refresh_failures", "gauge", "Failures in a row.", {each.subject.name: each.failures for each in records}
        )
        yield from _header("last_error", "gauge", "1 for what the last refresh failed with.")
        for record in records:
            if record.error is not None:
                kind = error_class(record.error)
                yield f'{_PREFIX}last_error{{external_secret="{record.subject.name}",error="{kind}"}} 1'
        plain = {
            ("ready", "gauge", "1 where the files are to be relied on."): int(not self.not_ready()),
            ("publications_total", "counter", "Sets of files that were new."): self.refresher.publications,
            ("volume_error", "gauge", "1 where the volume can't be written."): int(bool(self.refresher.volume_error)),
            ("handoff_error", "gauge", "1 where the newest hand-off was not taken up."): int(bool(self.handoff_error)),
        }
        for (name, kind, says), value in plain.items():
            yield from _header(name, kind, says)
            yield f"{_PREFIX}{name} {value}"
        yield from _header("notifications_total", "counter", "Containers told of new files, by how it ended.")
        for result in ("success", "error"):
            yield f'{_PREFIX}notifications_total{{result="{result}"}} {self.notifier.told[result]}'


_PREFIX = "injector_agent_"


def _family(name: str, kind: str, says: str, values: dict[str, float]) -> Iterator[str]:
    yield from _header(name, kind, says)
    for external_secret, value in values.items():
        yield f'{_PREFIX}{name}{{external_secret="{external_secret}"}} {value:g}'


def _header(name: str, kind: str, says: str) -> Iterator[str]:
    yield f"# HELP {_PREFIX}{name} {says}"
    yield f"# TYPE {_PREFIX}{name} {kind}"
