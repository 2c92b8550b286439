"""One pass over one store: gather, decide, apply, status. `loop` calls it with a name.

It returns after how many seconds to validate again, or raises `BackOff` or an error of the API server's, which the
queue answers with a pause. It is the one probe of a broken store: its dependants leave it alone until it is ready.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.backoff import BackOff
from controller.kinds import StoreKey
from controller.report import Report
from controller.secret_store.apply import Apply
from controller.secret_store.decide import decide, interval, upkeep
from controller.secret_store.gather import Gather
from controller.secret_store.pushes import kept_for, needed_by, unknown
from controller.secret_store.status import news, next_status
from kubecore.cache import Key
from kubecore.errors import Forbidden
from kubecore.wire import Manifest
from secretcore.names import STORE_FINALIZER
from secretcore.provider import maintenance_of


@dataclass(slots=True)
class StoreReconciler:
    """Serves SecretStores and ClusterSecretStores by name."""

    gather: Gather
    apply: Apply
    reports: dict[str, Report]
    """By kind."""
    clock: Callable[[], datetime]
    requeue_interval: timedelta
    """Of stores that have none of their own; 0 is never."""
    _looked_after: dict[StoreKey, tuple[str, int]] = field(default_factory=dict)
    """UID and generation of the stores of whose provider's maintenance everything was told."""

    async def __call__(self, key: StoreKey) -> float | None:
        report = self.reports[key.kind]
        manifest = self.gather.view.store(key)
        if manifest is None:
            self.gather.stores.forget(key)
            self._looked_after.pop(key, None)
            report.gone(Key(key.namespace, key.name))
            return None
        if not self.gather.stores.is_ours(manifest):
            return None
        if manifest["metadata"].get("deletionTimestamp"):
            await self._end(key, manifest)
            return None
        now = self.clock()
        verdict = decide(await self.gather.outcome(key, manifest))
        report.ready(manifest, verdict.ready)
        report.line(manifest, verdict.ready.message, ready=verdict.ready.status, reason=verdict.ready.reason)
        if event := news(manifest, verdict):
            report.event(manifest, event)
        self._tell_upkeep(key, manifest)
        status = next_status(manifest, verdict, now)
        if status is not None:
            await self.apply.status(key, manifest, status)
        if verdict.failed:
            raise BackOff(verdict.ready.message, verdict.retry_after)
        again = interval(manifest["spec"], self.requeue_interval)
        return again.total_seconds() if again else None

    async def _end(self, key: StoreKey, manifest: Manifest) -> None:
        """Let it go, unless something outside of the cluster would be left behind."""
        if STORE_FINALIZER not in (manifest["metadata"].get("finalizers") or ()):
            return
        report = self.reports[key.kind]
        try:
            needed = needed_by(key, manifest, await self.gather.pushes(key))
        except Forbidden as error:
            event = unknown(error)
        else:
            if not needed:
                await self.apply.release(key, manifest)
                report.line(manifest, "ESO's finalizer is released: no PushSecret has to delete from it")
                return
            event = kept_for(key, needed)
        report.event(manifest, event)
        raise BackOff(event.message)

    def _tell_upkeep(self, key: StoreKey, manifest: Manifest) -> None:
        """Once per generation of a store, where nobody maintains its provider."""
        version = manifest["metadata"]["uid"], manifest["metadata"]["generation"]
        provider = self.gather.provider(key, manifest)
        if provider is None or self._looked_after.get(key) == version:
            return
        self._looked_after[key] = version
        if event := upkeep(manifest, maintenance_of(provider)):
            self.reports[key.kind].event(manifest, event)
