"""What `/metrics` shows: ESO's series under ESO's names, and controller-runtime's of the reconciles and queues.

`report` and `loop` count here, `health` prints. The series of single objects are kept as numbers and made into samples
only when they are read: there may be thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from controller.condition import Ready
from kubecore.cache import Key

SERIES = {
    "ExternalSecret": "externalsecret",
    "SecretStore": "secretstore",
    "ClusterSecretStore": "clustersecretstore",
}
_OBJECT = ("name", "namespace")


@dataclass(slots=True)
class Numbers:
    """Of one object."""

    ready: str = ""
    nanoseconds: int = 0
    calls: int = 0
    errors: int = 0


@dataclass(slots=True, eq=False)
class ObjectSeries(Collector):
    """The series of single objects of one kind; a collector of the Prometheus client."""

    prefix: str
    numbers: dict[Key, Numbers] = field(default_factory=dict)

    def of(self, key: Key) -> Numbers:
        """Kept from now on."""
        return self.numbers.setdefault(key, Numbers())

    def collect(self) -> Iterator[Metric]:
        yield self._conditions()
        duration = GaugeMetricFamily(f"{self.prefix}_reconcile_duration", "Nanoseconds of the last.", labels=_OBJECT)
        for key, each in self.numbers.items():
            duration.add_metric([key.name, key.namespace], each.nanoseconds)
        yield duration
        if self.prefix == "externalsecret":
            yield self._count("sync_calls_total", "Syncs.", {key: each.calls for key, each in self.numbers.items()})
            yield self._count(
                "sync_calls_error", "Syncs that failed.", {key: each.errors for key, each in self.numbers.items()}
            )

    def _conditions(self) -> Metric:
        family = GaugeMetricFamily(
            f"{self.prefix}_status_condition", "Conditions.", labels=(*_OBJECT, "condition", "status")
        )
        for key, each in self.numbers.items():
            if each.ready:
                for status in ("True", "False"):
                    family.add_metric([key.name, key.namespace, "Ready", status], float(each.ready == status))
        return family

    def _count(self, name: str, documentation: str, values: dict[Key, int]) -> Metric:
        """Under just this name, which the client would extend for a counter."""
        metric = Metric(f"{self.prefix}_{name}", documentation, "unknown")
        for key, value in values.items():
            metric.add_sample(f"{self.prefix}_{name}", {"name": key.name, "namespace": key.namespace}, value)
        return metric


class QueueDepth(Collector):
    """Asked when it is read; a collector of the Prometheus client."""

    def __init__(self) -> None:
        self.ask: dict[str, Callable[[], float]] = {}

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("workqueue_depth", "Objects that could be worked on now.", labels=("name",))
        for name, depth in self.ask.items():
            family.add_metric([name], depth())
        yield family


class Metrics:
    """All series of one controller."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.objects = {kind: ObjectSeries(prefix) for kind, prefix in SERIES.items()}
        self.queues = QueueDepth()
        for collector in (*self.objects.values(), self.queues):
            self.registry.register(collector)
        ProcessCollector(registry=self.registry)
        self._reconciles = Counter(
            "controller_runtime_reconcile", "Reconciles by result.", ("controller", "result"), registry=self.registry
        )
        self._seconds = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "Their length.",
            ("controller",),
            registry=self.registry,
        )

    def reconciled(self, kind: str, key: Key, seconds: float, result: str) -> None:
        """A reconcile ended: `result` is success, requeue_after or error."""
        self._reconciles.labels(kind.lower(), result).inc()
        self._seconds.labels(kind.lower()).observe(seconds)
        if known := self.objects[kind].numbers.get(key):
            known.nanoseconds = int(seconds * 1e9)

    def synced(self, key: Key, *, failed: bool) -> None:
        """The stores were read for an ExternalSecret."""
        numbers = self.objects["ExternalSecret"].of(key)
        numbers.calls += 1
        numbers.errors += failed

    def ready(self, kind: str, key: Key, ready: Ready) -> None:
        """What the condition of an object says."""
        self.objects[kind].of(key).ready = ready.status

    def gone(self, kind: str, key: Key) -> None:
        """The object is no more."""
        self.objects[kind].numbers.pop(key, None)
