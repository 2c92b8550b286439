"""Puts the parts together and turns the wheel: watches fill the view, changes go through `routing` onto two queues,
workers take names from them and reconcile. `app` runs it, while this replica leads.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from random import SystemRandom
from typing import Any

from controller.backoff import BackOff
from controller.calls import ProviderCalls
from controller.credentials import Lent
from controller.ending import Ending, Step
from controller.external_secret.apply import Apply as ApplyExternalSecret
from controller.external_secret.fetches import Fetches
from controller.external_secret.gather import Gather as GatherExternalSecret
from controller.external_secret.reconciler import ExternalSecretReconciler
from controller.kinds import CLUSTER_SECRET_STORES, EXTERNAL_SECRETS, SECRET_STORES, StoreKey
from controller.metrics import SERIES, Metrics
from controller.report import Recorder, Report
from controller.rivals import Rivals
from controller.routing import Routing
from controller.secret_store.apply import Apply as ApplyStore
from controller.secret_store.gather import Gather as GatherStore
from controller.secret_store.reconciler import StoreReconciler
from controller.settings import Settings
from controller.stores import ClusterStores
from controller.told import Told
from controller.view import Handler, View
from controller.writer import Writer, always
from kubecore.cache import Change, Key
from kubecore.client import SERVICE_ACCOUNT_FOLDER
from kubecore.errors import ApiError, Conflict
from kubecore.resources import Resource
from kubecore.verbs import Client
from kubecore.workers import Workers
from secretcore.clients import Clients
from secretcore.keeping import ON_DUTY
from secretcore.limits import Limits
from secretcore.model.external_secret import StoreKind
from secretcore.plan import StoreRef
from secretcore.registry import Registry
from secretcore.rendering import Rendering

log = logging.getLogger(__name__)

STORES_AT_ONCE = 8
SWEEP = 5.0
"""Seconds between two sweeps."""


class Controller:
    """One replica. `watch` keeps its view up to date, `work` reconciles; only a leader works."""

    def __init__(
        self,
        client: Client,
        settings: Settings,
        recorder: Recorder,
        *,
        registry: Registry | None = None,
        may_write: Callable[[], bool] = always,
    ) -> None:
        self.metrics = Metrics(extended_labels=settings.enable_extended_metric_labels)
        runtime = self.metrics.runtime
        self.external_secrets: Workers[Key] = Workers(
            self._reconcile_external_secret,
            self._failed,
            concurrency=settings.concurrent,
            observer=runtime.stopwatch("externalsecret"),
        )
        self.stores: Workers[StoreKey] = Workers(
            self._reconcile_store, self._failed, concurrency=STORES_AT_ONCE, observer=runtime.stopwatch("secretstore")
        )
        runtime.queue("externalsecret", self.external_secrets)
        runtime.queue("secretstore", self.stores)
        routing = Routing(self.external_secrets, self.stores, self._logins_of, self._content_with)
        self._told = Told(time.monotonic)
        self._rivals = Rivals(
            lambda: may_write() and self.view.is_whole, time.monotonic, recorder, self.metrics.other_controller.inc
        )
        self.view = View(
            client,
            self._handlers(routing),
            settings.namespace,
            cluster_stores=settings.enable_cluster_store_reconciler,
            seen=self._rivals.seen,
        )
        self._stores = ClusterStores(
            client,
            self.view,
            registry or Registry.installed(),
            Lent(dict(os.environ), SERVICE_ACCOUNT_FOLDER / "token") if settings.lend_identity else Lent({}),
            settings.controller_class,
            settings.enable_flood_gate,
        )
        self._serve(client, Writer(client, may_write, settings.request_seconds), settings, recorder, routing)

    def _serve(self, client: Client, writer: Writer, settings: Settings, recorder: Recorder, routing: Routing) -> None:
        enabled: dict[StoreKind, bool] = {
            "SecretStore": settings.enable_secret_store_reconciler,
            "ClusterSecretStore": settings.enable_cluster_store_reconciler,
        }
        self._validated = frozenset(kind for kind, is_enabled in enabled.items() if is_enabled)
        limits = Limits()
        delimiters = (settings.template_left_delimiter, settings.template_right_delimiter)
        calls = ProviderCalls()
        self.metrics.registry.register(calls)
        self._clients = Clients(self._stores, limits, keeping=ON_DUTY, monotonic=time.monotonic, observe=calls.count)
        self._gather = GatherExternalSecret(
            client,
            self.view,
            self._stores,
            self._clients,
            lambda: Rendering(_now(), SystemRandom(), delimiters),
            self._told,
            self._validated,
        )
        self._fetches = Fetches(self.external_secrets.add)
        self._serve_external_secret = ExternalSecretReconciler(
            self._gather,
            self._fetches,
            ApplyExternalSecret(writer, self.view),
            Report("ExternalSecret", self.metrics, recorder),
            _now,
            lambda manifest: routing.doubt(manifest, time.monotonic()),
        )
        self._serve_store = StoreReconciler(
            GatherStore(self.view, self._stores, limits, calls.count),
            ApplyStore(writer, self.view),
            {kind: Report(kind, self.metrics, recorder) for kind in ("SecretStore", "ClusterSecretStore")},
            _now,
            settings.store_requeue_interval,
        )

    async def watch(self) -> None:
        """Keep the view up to date until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for watch in self.view.watches():
                tasks.create_task(watch)

    async def work(self) -> None:
        """Reconcile, once the view is whole, until `stop` or cancelled."""
        await self.view.whole()
        sweeping = asyncio.create_task(self._sweep())
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.stores.run())
                tasks.create_task(self.external_secrets.run())
        finally:
            sweeping.cancel()

    async def stop(self, ending: Ending | None = None) -> None:
        """Take up nothing more, and let what is under way end, in the time that the end has."""
        ending = ending or Ending(time.monotonic)
        grace = ending.left(Step.WORK)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ending.left(Step.CANCELLED)):
                await asyncio.gather(self.external_secrets.stop(grace), self.stores.stop(grace))
                await self._fetches.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ending.left(Step.LOGOUT)), self._clients:
                pass

    async def _sweep(self) -> None:
        """Let go of what is kept for a time, when its time is over."""
        while True:
            await asyncio.sleep(SWEEP)
            self._told.sweep()
            self._clients.sweep()

    def _handlers(self, routing: Routing) -> dict[Resource, Handler]:
        """What the view tells changes to."""

        def external_secret_changed(change: Change) -> None:
            self._told.changed(change)
            self._gather.changed(change)
            if change.new is None:
                self._rivals.gone("ExternalSecret", change.key)
            routing.external_secret_changed(change)

        def forgetting(kind: StoreKind, handle: Handler) -> Handler:
            def changed(change: Change) -> None:
                if change.new is None:
                    self._clients.forget(StoreRef(change.key.name, kind), change.key.namespace)
                    self._rivals.gone(kind, change.key)
                handle(change)

            return changed

        handlers = routing.handlers
        return {
            **handlers,
            EXTERNAL_SECRETS: external_secret_changed,
            SECRET_STORES: forgetting("SecretStore", handlers[SECRET_STORES]),
            CLUSTER_SECRET_STORES: forgetting("ClusterSecretStore", handlers[CLUSTER_SECRET_STORES]),
        }

    def stuck_for(self, now: float) -> float:
        """For how many seconds one of the queues had work to do and finished none; `now` is the event loop's time."""
        return max(workers.stuck_for(now) for workers in (self.external_secrets, self.stores))

    async def _reconcile_external_secret(self, key: Key) -> float | None:
        return await self._measured("ExternalSecret", key, self._serve_external_secret(key))

    async def _reconcile_store(self, key: StoreKey) -> float | None:
        if key.kind not in self._validated:
            return None
        return await self._measured(key.kind, Key(key.namespace, key.name), self._serve_store(key))

    async def _measured(self, kind: str, key: Key, reconcile: Any) -> float | None:
        began, result = time.perf_counter(), "error"
        try:
            again: float | None = await reconcile
            result = "success" if again is None else "requeue_after"
            return again
        finally:
            self.metrics.reconciled(kind, key, time.perf_counter() - began, result)

    def _failed(self, key: Any, error: Exception, seconds: float) -> None:
        facts = {"key": "/".join(filter(None, key)) if isinstance(key, Key) else str(key), "seconds": round(seconds, 1)}
        match error:
            case BackOff() | Conflict():  # somebody wrote meanwhile: the next pass decides on what they wrote
                log.debug("is tried again: %s", error, extra={"facts": facts})
            case ApiError():
                log.warning("%s", error, extra={"facts": facts})
            case _:
                self.metrics.runtime.broke(SERIES[key.kind if isinstance(key, StoreKey) else "ExternalSecret"])
                log.error("a reconcile broke", exc_info=error, extra={"facts": facts})

    def _logins_of(self, key: StoreKey, manifest: Any) -> Iterable[Key]:
        return self._stores.logins(key, manifest)

    def _content_with(self, key: Key) -> tuple[str, str]:
        return self._gather.content_with(key)


def _now() -> datetime:
    return datetime.now(UTC)
