"""What `/metrics` shows: ESO's series under ESO's names; controller-runtime's are in `kubecore.series`.

`report` and `loop` count here, `health` prints. The series of single objects are kept as numbers and made into samples
only when they are read: there may be thousands. When an object goes, all its series go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from controller.condition import Ready
from kubecore.cache import Key
from kubecore.series import ControllerSeries

SERIES = {
    "ExternalSecret": "externalsecret",
    "SecretStore": "secretstore",
    "ClusterSecretStore": "clustersecretstore",
}
RECOMMENDED = ("name", "instance", "version", "component", "part-of", "managed-by")
"""The labels `app.kubernetes.io/…` that `--enable-extended-metric-labels` takes over from the object."""


@dataclass(slots=True)
class Numbers:
    """Of one object."""

    ready: str = ""
    nanoseconds: int = 0
    calls: int = 0
    errors: int = 0
    extended: tuple[str, ...] = ("",) * len(RECOMMENDED)


@dataclass(slots=True, eq=False)
class ObjectSeries(Collector):
    """The series of single objects of one kind; a collector of the Prometheus client."""

    prefix: str
    extended: bool = False
    numbers: dict[Key, Numbers] = field(default_factory=dict)

    def of(self, key: Key) -> Numbers:
        """Kept from now on."""
        return self.numbers.setdefault(key, Numbers())

    def collect(self) -> Iterator[Metric]:
        names = ("name", "namespace", *(_as_label(each) for each in RECOMMENDED if self.extended))
        conditions = GaugeMetricFamily(
            f"{self.prefix}_status_condition", "Conditions.", labels=(*names, "condition", "status")
        )
        duration = GaugeMetricFamily(f"{self.prefix}_reconcile_duration", "Nanoseconds of the last.", labels=names)
        families: list[Metric] = [conditions, duration]
        calls = CounterMetricFamily(f"{self.prefix}_sync_calls", "Syncs.", labels=names)
        # Of no type: a counter's name would have to end with _total, and ESO's does not.
        errors = Metric(f"{self.prefix}_sync_calls_error", "Syncs that failed.", "unknown")
        for key, each in self.numbers.items():
            labels = [key.name, key.namespace, *(each.extended if self.extended else ())]
            if each.ready:
                for status in ("True", "False"):
                    conditions.add_metric([*labels, "Ready", status], float(each.ready == status))
            duration.add_metric(labels, each.nanoseconds)
            calls.add_metric(labels, each.calls)
            errors.add_sample(errors.name, dict(zip(names, labels, strict=True)), each.errors)
        yield from [*families, calls, errors] if self.prefix == "externalsecret" else families


class Metrics:
    """All series of one controller."""

    def __init__(self, *, extended_labels: bool = False) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when a counter began is told by its scrape
        self.registry = CollectorRegistry()
        self.objects = {kind: ObjectSeries(prefix, extended_labels) for kind, prefix in SERIES.items()}
        for collector in self.objects.values():
            self.registry.register(collector)
        self.runtime = ControllerSeries(self.registry)
        for name in SERIES.values():
            self.runtime.expects(name)
        self.other_controller = Counter(
            "externalsecret_other_controller_writes",
            "Writes of the External Secrets Operator to objects that this controller works on.",
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def reconciled(self, kind: str, key: Key, seconds: float, result: str) -> None:
        """A reconcile ended: `result` is success, requeue_after or error."""
        self.runtime.reconciled(SERIES[kind], seconds, result)
        if known := self.objects[kind].numbers.get(key):
            known.nanoseconds = int(seconds * 1e9)

    def synced(self, key: Key, *, failed: bool) -> None:
        """An ExternalSecret was synced, or that failed."""
        numbers = self.objects["ExternalSecret"].of(key)
        numbers.calls += 1
        numbers.errors += failed

    def ready(self, kind: str, key: Key, ready: Ready, labels: Mapping[str, str]) -> None:
        """What the condition of an object says; `labels` are the object's."""
        numbers = self.objects[kind].of(key)
        numbers.ready = ready.status
        numbers.extended = tuple(labels.get(f"app.kubernetes.io/{each}", "") for each in RECOMMENDED)

    def gone(self, kind: str, key: Key) -> None:
        """The object is no more."""
        self.objects[kind].numbers.pop(key, None)


def _as_label(name: str) -> str:
    return f"app_kubernetes_io_{name.replace('-', '_')}"
