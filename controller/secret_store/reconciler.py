"""One pass over one store: gather, decide, apply, status. `loop` calls it with a name.

It returns after how many seconds to validate again, or raises `BackOff` or an error of the API server's, which the
queue answers with a pause. It is the one probe of a broken store: its dependants leave it alone until it is ready.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.backoff import BackOff
from controller.kinds import StoreKey
from controller.report import Report
from controller.secret_store.apply import Apply
from controller.secret_store.decide import decide, interval
from controller.secret_store.gather import Gather
from controller.secret_store.status import news, next_status
from kubecore.cache import Key


@dataclass(slots=True)
class StoreReconciler:
    """Serves SecretStores and ClusterSecretStores by name."""

    gather: Gather
    apply: Apply
    reports: dict[str, Report]
    """By kind."""
    clock: Callable[[], datetime]
    requeue_interval: timedelta

    async def __call__(self, key: StoreKey) -> float | None:
        report = self.reports[key.kind]
        manifest = self.gather.view.store(key)
        if manifest is None:
            self.gather.stores.forget(key)
            report.gone(Key(key.namespace, key.name))
            return None
        if not self.gather.stores.is_ours(manifest) or manifest["metadata"].get("deletionTimestamp"):
            return None
        now = self.clock()
        verdict = decide(await self.gather.outcome(key, manifest))
        report.ready(manifest, verdict.ready)
        report.line(manifest, verdict.ready.message, ready=verdict.ready.status, reason=verdict.ready.reason)
        if event := news(manifest, verdict):
            report.event(manifest, event)
        status = next_status(manifest, verdict, now)
        if status is not None:
            await self.apply.status(key, manifest, status)
        if verdict.failed:
            raise BackOff(verdict.ready.message)
        return interval(manifest["spec"], self.requeue_interval).total_seconds()
