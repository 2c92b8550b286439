"""controller-runtime's series, as a scrape shows them."""

import asyncio

from prometheus_client import CollectorRegistry, generate_latest

from kubecore.series import ControllerSeries
from kubecore.workers import Workers
from kubecore.workqueue import Lane


def scraped(registry):
    lines = generate_latest(registry).decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def labelled(series, /, **labels):
    pairs = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    return f"{series}{{{pairs}}}"


QUEUE = {"name": "it", "controller": "it"}


async def test_a_queue_and_its_workers():
    registry = CollectorRegistry()
    series = ControllerSeries(registry)
    full, release = asyncio.Event(), asyncio.Event()

    async def work(key):
        if workers.busy == 2:
            full.set()
        await release.wait()

    workers = Workers(work, lambda *_: None, concurrency=2, observer=series.stopwatch("it"))
    series.queue("it", workers)
    for key in "abc":
        workers.add(key)
    workers.add("d", Lane.PERIODIC)
    workers.add_after("e", 1_000)
    waiting = scraped(registry)  # for somebody to lead
    assert waiting[labelled("workqueue_depth", **QUEUE, priority="0")] == 0
    assert waiting[labelled("workqueue_overdue_seconds", **QUEUE)] == 0
    task = asyncio.create_task(workers.run())
    await full.wait()
    found = scraped(registry)
    assert found[labelled("workqueue_adds_total", **QUEUE)] == 4
    assert found[labelled("workqueue_retries_total", **QUEUE)] == 1
    assert found[labelled("workqueue_depth", **QUEUE, priority="0")] == 1
    assert found[labelled("workqueue_depth", **QUEUE, priority="-100")] == 1
    assert found[labelled("workqueue_queue_duration_seconds_count", **QUEUE)] == 2
    assert found[labelled("workqueue_work_duration_seconds_count", **QUEUE)] == 0
    longest = found[labelled("workqueue_longest_running_processor_seconds", **QUEUE)]
    assert 0 < longest <= found[labelled("workqueue_unfinished_work_seconds", **QUEUE)] <= 2 * longest
    assert found[labelled("workqueue_overdue_seconds", **QUEUE)] > 0
    assert found[labelled("controller_runtime_active_workers", controller="it")] == 2
    assert found[labelled("controller_runtime_max_concurrent_reconciles", controller="it")] == 2
    release.set()
    await workers.stop(10)
    await task
    assert scraped(registry)[labelled("controller_runtime_active_workers", controller="it")] == 0
    assert scraped(registry)[labelled("workqueue_work_duration_seconds_count", **QUEUE)] == 2


def test_reconciles_begin_at_zero_and_a_defect_is_counted_apart():
    registry = CollectorRegistry()
    series = ControllerSeries(registry)
    series.expects("it")
    total = {
        result: labelled("controller_runtime_reconcile_total", controller="it", result=result)
        for result in ("success", "error", "requeue", "requeue_after")
    }
    assert {scraped(registry)[each] for each in total.values()} == {0}
    series.reconciled("it", 0.3, "error")
    series.reconciled("it", 0.1, "requeue_after")
    series.broke("it")
    found = scraped(registry)
    assert [found[total[result]] for result in ("success", "error", "requeue_after")] == [0, 1, 1]
    assert found[labelled("controller_runtime_reconcile_errors_total", controller="it")] == 1
    assert found[labelled("controller_runtime_reconcile_panics_total", controller="it")] == 1
    assert found[labelled("controller_runtime_reconcile_time_seconds_bucket", controller="it", le="0.1")] == 1


def test_the_holder_of_a_lease_is_one_and_the_others_are_zero():
    registry = CollectorRegistry()
    series, leads = ControllerSeries(registry), []
    assert "leader_election" not in str(scraped(registry))  # nobody competes
    series.lease("mine", lambda: bool(leads))
    name = labelled("leader_election_master_status", name="mine")
    assert scraped(registry)[name] == 0
    leads.append(True)
    assert scraped(registry)[name] == 1


def test_requests_are_counted_by_code_method_and_host():
    registry = CollectorRegistry()
    series = ControllerSeries(registry)
    series.requested("GET", "200", "10.0.0.1:443")
    series.requested("GET", "200", "10.0.0.1:443")
    series.requested("PUT", "<error>", "10.0.0.1:443")
    found = scraped(registry)
    assert found[labelled("rest_client_requests_total", code="200", method="GET", host="10.0.0.1:443")] == 2
    assert found[labelled("rest_client_requests_total", code="<error>", method="PUT", host="10.0.0.1:443")] == 1
