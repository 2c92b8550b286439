"""What `/metrics` shows of queues, workers, the lease and the calls to the API server: under the names, labels and
buckets that controller-runtime gives them, so that its dashboards and alerts hold here.

The owner of the process makes one `ControllerSeries` on its registry and tells it of each `Workers` and of the client's
calls; `serving.metrics` prints the registry.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kubecore.workers import Workers
from kubecore.workqueue import Lane

PRIORITY = {Lane.URGENT: "0", Lane.PERIODIC: "-100"}
"""controller-runtime's numbers: what changed, and what comes round again."""
QUEUE = ("name", "controller")
DECADES = tuple(10.0**power for power in range(-8, 4))
RECONCILES = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5,
    1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """Measures one queue: an observer of `Workers`."""

    waits: Histogram
    works: Histogram

    def taken(self, waited: float) -> None:
        self.waits.observe(waited)

    def worked(self, seconds: float) -> None:
        self.works.observe(seconds)


class ControllerSeries(Collector):
    """What is counted is counted here; the rest is asked for when it is read."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._queues: dict[str, Workers[Any]] = {}
        self._leads: dict[str, Callable[[], bool]] = {}
        self._waits = Histogram(
            "workqueue_queue_duration_seconds", "How long a key waited.", QUEUE, buckets=DECADES, registry=registry
        )
        self._works = Histogram(
            "workqueue_work_duration_seconds",
            "How long a key was worked on.",
            QUEUE,
            buckets=DECADES,
            registry=registry,
        )
        self._reconciles = Counter(
            "controller_runtime_reconcile", "Reconciles by result.", ("controller", "result"), registry=registry
        )
        self._errors = Counter(
            "controller_runtime_reconcile_errors", "Reconciles that failed.", ("controller",), registry=registry
        )
        self._broken = Counter(
            "controller_runtime_reconcile_panics",
            "Reconciles that failed as nobody foresaw: a defect.",
            ("controller",),
            registry=registry,
        )
        self._seconds = Histogram(
            "controller_runtime_reconcile_time_seconds",
            "Their length.",
            ("controller",),
            buckets=RECONCILES,
            registry=registry,
        )
        self._requests = Counter(
            "rest_client_requests",
            "Requests to the API server.",
            ("code", "method", "host"),
            registry=registry,
        )
        registry.register(self)

    def stopwatch(self, name: str) -> Stopwatch:
        """For the `Workers` that `queue` is told of under the same name."""
        return Stopwatch(self._waits.labels(name, name), self._works.labels(name, name))

    def queue(self, name: str, workers: Workers[Any]) -> None:
        """Show this queue from now on."""
        self._queues[name] = workers

    def lease(self, name: str, leads: Callable[[], bool]) -> None:
        """Show from now on whether this process holds a lease."""
        self._leads[name] = leads

    def expects(self, controller: str) -> None:
        """Let its series begin at zero, so that the first failure is an increase."""
        for result in ("success", "error", "requeue", "requeue_after"):
            self._reconciles.labels(controller, result)
        self._errors.labels(controller)
        self._broken.labels(controller)

    def reconciled(self, controller: str, seconds: float, result: str) -> None:
        """A reconcile ended: `result` is success, requeue_after or error."""
        self._reconciles.labels(controller, result).inc()
        self._seconds.labels(controller).observe(seconds)
        if result == "error":
            self._errors.labels(controller).inc()

    def broke(self, controller: str) -> None:
        """The error of a reconcile was none that anybody foresaw."""
        self._broken.labels(controller).inc()

    def requested(self, method: str, code: str, host: str) -> None:
        """A request was answered, or not (`<error>`)."""
        self._requests.labels(code, method, host).inc()

    def collect(self) -> Iterator[Metric]:
        if self._queues:
            yield from self._of_queues(asyncio.get_running_loop().time())
        if self._leads:
            leads = GaugeMetricFamily("leader_election_master_status", "Who holds the lease.", labels=("name",))
            for name, ask in self._leads.items():
                leads.add_metric([name], float(ask()))
            yield leads

    def _of_queues(self, now: float) -> Iterator[Metric]:
        adds = CounterMetricFamily("workqueue_adds", "How often a key began to wait.", labels=QUEUE)
        retries = CounterMetricFamily("workqueue_retries", "How often a key was to come back later.", labels=QUEUE)
        depth = GaugeMetricFamily("workqueue_depth", "Keys that could be worked on now.", labels=(*QUEUE, "priority"))
        overdue = GaugeMetricFamily("workqueue_overdue_seconds", "How long the first of them has waited.", labels=QUEUE)
        running = GaugeMetricFamily("workqueue_unfinished_work_seconds", "Of all work under way.", labels=QUEUE)
        longest = GaugeMetricFamily("workqueue_longest_running_processor_seconds", "Of the oldest.", labels=QUEUE)
        active = GaugeMetricFamily("controller_runtime_active_workers", "Keys worked on now.", labels=("controller",))
        most = GaugeMetricFamily(
            "controller_runtime_max_concurrent_reconciles", "At most so many.", labels=("controller",)
        )
        for name, workers in self._queues.items():
            seconds = workers.running_for(now)
            # What waits here while another process leads is not late, nor is it this one's.
            overdue.add_metric([name, name], workers.queue.overdue(now) if workers.runs else 0.0)
            adds.add_metric([name, name], workers.queue.adds)
            retries.add_metric([name, name], workers.queue.retries)
            for lane, priority in PRIORITY.items():
                depth.add_metric([name, name, priority], workers.queue.depth(lane) if workers.runs else 0)
            running.add_metric([name, name], sum(seconds))
            longest.add_metric([name, name], max(seconds, default=0.0))
            active.add_metric([name], len(seconds))
            most.add_metric([name], workers.concurrency)
        yield from (adds, retries, depth, overdue, running, longest, active, most)
