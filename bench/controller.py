"""What the controller costs: N ExternalSecrets (1,000, or as the argument says) of one ClusterSecretStore, provider
`fake` with 100 keys, on a real etcd and API server.

Each figure that has a goal says whether it is met. CPU is the controller's own, and is told as a multiple of R (what a
request costs a bare client, `bench.bare_client`) or P (what `python -c pass` costs) too, taken in the same run: a busy
machine makes all of it dearer. Wall-clock times share the cores with etcd, the API server and the client that looks on.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.bare_client import BareClient
from bench.controller_process import Mark, Memory, Process, audited
from bench.start import environment
from bench.watched import Names, conditions, first_secret
from tests.support.controlplane import ControlPlane
from tests.support.crds import install_crds

GROUP = "/apis/external-secrets.io/v1"
MERGE = {"Content-Type": "application/merge-patch+json"}
PYTHON = str(Path(__file__).parents[1] / ".cache/cluster/bin/python")
"""An interpreter with what an installation of the controller has; `make bench-controller` makes it."""
NAMESPACES, KEYS, STARTS, NEWCOMERS = 10, 100, 5, 20
WRITES = ("create", "update", "patch", "delete")
ANSWERS_LIVE = 10
"""Seconds for which an answer of a store serves others."""
REFRESHES = 100
"""Per second, all ExternalSecrets together, in the pass that refreshes."""


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare, plane = BareClient(folder), ControlPlane(folder, *audited(folder))
        try:
            install_crds(plane)
            with plane.client() as client:
                Bench(plane, client, bare, number, environment(f"{folder}/compiled")).run()
        finally:
            plane.stop()
            bare.stop()


class Bench:
    """One run; prints as it goes."""

    def __init__(
        self, plane: ControlPlane, client: httpx.Client, bare: BareClient, number: int, variables: dict[str, str]
    ) -> None:
        self._plane, self._client, self._bare = plane, client, bare
        self._number, self._variables = number, variables
        self._names: Names = {(f"ns-{each % NAMESPACES}", f"es-{each}") for each in range(number)}

    def run(self) -> None:
        idle_cpu = self._starting()
        for each in range(NAMESPACES):
            self._plane.create_namespace(f"ns-{each}")
        self._send("POST", f"{GROUP}/clustersecretstores", store())
        for namespace, name in sorted(self._names):
            self._send("POST", f"{GROUP}/namespaces/{namespace}/externalsecrets", external_secret(name))
        with self._controller() as process:
            self._first_sync(process, idle_cpu)
        with self._controller() as process:
            self._restart(process, idle_cpu)
            self._refreshing(process)
            self._newcomers()
            self._healing(process)

    @contextmanager
    def _controller(self) -> Iterator[Process]:
        process = Process(self._plane, PYTHON, self._variables)
        try:
            yield process
        finally:
            process.stop()

    def _starting(self) -> float:
        """Start with nothing to do; returns the CPU seconds that takes."""
        command = (PYTHON, "-c", "pass")
        watches, cpus, bare_walls, bare_cpus = [], [], [], []
        with self._controller() as process:  # compiles
            process.ready().idle()
        for _ in range(STARTS):
            wall, cpu = bare(command, self._variables)
            bare_walls.append(wall)
            bare_cpus.append(cpu)
            with self._controller() as process:
                ended = process.ready().idle()
                watches.append(process.first_watch(ended))
                cpus.append(ended.cpu)
                memory = process.memory()
        watch, cpu = statistics.median(watches), statistics.median(cpus)
        bare_wall, bare_cpu = statistics.median(bare_walls), statistics.median(bare_cpus)
        say("python -c pass", f"{bare_wall * 1e3:.0f} ms, {bare_cpu * 1e3:.0f} ms of CPU (P)")
        say("start to first watch", f"{watch * 1e3:.0f} ms: {watch / bare_wall:.1f} P")
        say("start with no objects", f"{cpu * 1e3:.0f} ms of CPU: {at_most(cpu / bare_cpu, 45, 'P')}")
        say("memory with no objects", f"{at_most(memory.resident, 75, 'MiB')}, {memory.anonymous:.1f} MiB anonymous")
        return cpu

    def _first_sync(self, process: Process, idle_cpu: float) -> None:
        conditions(self._client, self._names, "True")
        wall = time.time() - process.start.wall
        ended, memory = process.idle(), process.memory()
        syncs = process.syncs(process.start, ended)
        cpu = ended.cpu - idle_cpu
        print(f"\nfirst sync of {self._number:,}")
        say("all Ready", f"{wall:.1f} s after the start of the process")
        say("syncs", f"{syncs.total()} ({dict(syncs)})")
        self._cost(cpu / self._number, 1_200, 36)
        counted = self._requests(process, process.start, ended)
        written = sum(count for what, count in counted.items() if what.startswith(WRITES) and "events" not in what)
        say("writes", f"{at_most(written / self._number, 2.01, 'per ExternalSecret')}, events apart")
        calls = process.provider_calls()
        self._calls(calls, syncs.total())
        times = 1 + int(wall / ANSWERS_LIVE)
        say("reads of a key", f"{at_most(calls['get_secret'] / KEYS / times, 1, 'per key and 10 s')}")
        self._memory(memory)

    def _restart(self, process: Process, idle_cpu: float) -> None:
        """Nothing is due and nothing changed."""
        ended = process.ready().idle()
        print("\nrestart, nothing due")
        say("over", f"{ended.wall - process.start.wall:.1f} s after the start of the process")
        say("reconciles", f"{self._number / (ended.cpu - idle_cpu):.0f} per CPU second, lists included")
        self._requests(process, process.start, ended)
        self._memory(process.memory())

    def _refreshing(self, process: Process) -> None:
        """Every ExternalSecret is read again at each interval, and is as it was."""
        interval = max(10, self._number // REFRESHES)
        for namespace, name in sorted(self._names):
            self._refresh(f"{GROUP}/namespaces/{namespace}/externalsecrets/{name}", f"{interval}s")
        time.sleep(5)
        called, begin = process.provider_calls(), process.mark()
        time.sleep(max(30, interval))
        end = process.mark()
        calls = process.provider_calls() - called
        syncs = process.syncs(begin, end)
        used = end.cpu - begin.cpu
        print(f"\nrefreshes every {interval} s, nothing changed")
        say("syncs", f"{syncs.total()} ({dict(syncs)})")
        self._cost(used / max(1, syncs.total()), 4_000, 11)
        say("load", f"{syncs.total() / (end.wall - begin.wall):.0f}/s, {used / (end.wall - begin.wall):.0%} of a core")
        counted = self._requests(process, begin, end, syncs.total())
        written = sum(count for what, count in counted.items() if what.startswith(WRITES))
        say("writes", at_most(written / max(1, syncs.total()), 0, "per refresh"))
        self._calls(calls, syncs.total())
        self._memory(process.memory())

    def _newcomers(self) -> None:
        """New ones while all others refresh."""
        waits = []
        for each in range(NEWCOMERS):
            name, namespace = f"new-{each}", f"ns-{each % NAMESPACES}"
            with first_secret(self._client, namespace, name) as appeared:
                began = time.perf_counter()
                self._send("POST", f"{GROUP}/namespaces/{namespace}/externalsecrets", external_secret(name))
                appeared()
                waits.append((time.perf_counter() - began) * 1e3)
        print("\na new ExternalSecret while all others refresh")
        say("apply to Secret", f"median {statistics.median(waits):.0f} ms, max {at_most(max(waits), 1_000, 'ms')}")

    def _healing(self, process: Process) -> None:
        began = process.mark()
        self._break(2)
        conditions(self._client, self._names, "False")
        broken = process.mark()
        self._break(0)
        conditions(self._client, self._names, "True")
        healed = process.mark()
        print("\na broken store")
        say("all not Ready", f"{broken.wall - began.wall:.1f} s, {broken.cpu - began.cpu:.2f} s of CPU")
        self._requests(process, began, broken)
        say(
            "healed: all Ready",
            f"{at_most(healed.wall - broken.wall, 20, 's')}, {healed.cpu - broken.cpu:.2f} s of CPU",
        )
        self._requests(process, broken, healed)

    def _break(self, result: int) -> None:
        provider = {"fake": {**store()["spec"]["provider"]["fake"], "validationResult": result}}
        self._patch(f"{GROUP}/clustersecretstores/bench", {"spec": {"provider": provider}})

    def _refresh(self, path: str, interval: str) -> None:
        self._patch(path, {"spec": {"refreshInterval": interval}})

    def _patch(self, path: str, body: Any) -> None:
        self._client.patch(path, json=body, headers=MERGE).raise_for_status()

    def _send(self, method: str, path: str, body: Any) -> None:
        self._client.request(method, path, json=body).raise_for_status()

    def _calls(self, calls: Counter[str], syncs: int) -> None:
        told = ", ".join(f"{count} {call} ({count / syncs:.3f} per sync)" for call, count in sorted(calls.items()))
        say("provider calls", told or "none")

    def _cost(self, cpu: float, rate: float, requests: float) -> None:
        bare = self._bare.request()
        say("CPU of each", f"{cpu * 1e6:.0f} us: {at_most(cpu / bare, requests, 'R')}, R is {bare * 1e6:.0f} us")
        say("rate", at_least(1 / cpu, rate, "per CPU second"))

    def _memory(self, memory: Memory) -> None:
        most = 75 + 4 * self._number / 1_000
        say("memory", f"{at_most(memory.resident, most, 'MiB')}, {memory.anonymous:.1f} MiB anonymous")

    def _requests(self, process: Process, begin: Mark, end: Mark, per: int = 0) -> Counter[str]:
        counted = process.requests(begin, end)
        say("API requests", f"per {'sync' if per else 'ExternalSecret'}, and in all")
        for what, count in sorted(counted.items()):
            print(f"    {what:34} {count / (per or self._number):7.3f} {count:7d}")
        return counted


def store() -> dict[str, Any]:
    value = '{"username":"app","password":"0123456789abcdef"}'
    data = [{"key": f"key-{each}", "value": value} for each in range(KEYS)]
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterSecretStore",
        "metadata": {"name": "bench"},
        "spec": {"provider": {"fake": {"data": data}}},
    }


def external_secret(name: str) -> dict[str, Any]:
    ref = {"key": f"key-{int(name.rpartition('-')[2]) % KEYS}", "property": "password"}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name},
        "spec": {
            "refreshInterval": "1h",
            "secretStoreRef": {"name": "bench", "kind": "ClusterSecretStore"},
            "data": [{"secretKey": "password", "remoteRef": ref}],
        },
    }


def bare(command: tuple[str, ...], variables: dict[str, str]) -> tuple[float, float]:
    """Seconds of wall and CPU that a command takes."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, env=variables)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def at_most(measured: float, goal: float, unit: str) -> str:
    """The figure with its goal, and whether it is met."""
    return f"{measured:,.1f} {unit} (goal: {goal:g} at most, {'met' if measured <= goal else 'missed'})"


def at_least(measured: float, goal: float, unit: str) -> str:
    """The same for what ought to be much."""
    return f"{measured:,.0f} {unit} (goal: {goal:g} at least, {'met' if measured >= goal else 'missed'})"


def say(what: str, figure: str) -> None:
    print(f"{what:24} {figure}", flush=True)


if __name__ == "__main__":
    main()
