"""What an admission costs: the webhook's process, installed from the chart, with a real API server behind its watches,
asked over TLS as the API server asks it, by 1 and by 16 callers at once, each on a connection that it keeps.

CPU is the webhook's own, so it says the same on a busy machine; latencies do not, and share the cores with the callers,
etcd and the API server. `in the webhook` is from the review, read, to its answer, by the webhook's own histogram.
"""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import msgspec

from injector.webhook.endpoint import PATH
from tests.injector.webhook.building import annotated, external_secret, review_of, store
from tests.injector.webhook.installed import Installed, Namespace, Webhook
from tests.support.controlplane import ControlPlane
from tests.support.crds import install_crds

PYTHON = str(Path(__file__).parents[1] / ".cache/cluster/bin/python")
"""An interpreter with what an installation of the webhook has; `make bench-webhook` makes it."""
KNOWN, WARM = 200, 500
"""ExternalSecrets in the cluster, and admissions before any counts."""
ADMISSIONS = {1: 4_000, 16: 8_000}
"""By callers at once."""
P50, P99 = {1: 0.5}, {1: 2.0, 16: 8.0}
"""Goals, by callers at once: milliseconds of the median and of the 99th percentile."""
PER_CORE = 4_000
"""Goal: admissions a second that one core of the webhook answers."""
TICK = os.sysconf("SC_CLK_TCK")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        plane = ControlPlane(Path(name))
        try:
            install_crds(plane)
            installed = Installed(plane, plane.create_namespace("injector"))
            team = Namespace(plane, plane.create_namespace("team"))
            team.make(store())
            for each in range(KNOWN):
                team.make(external_secret(f"es-{each}", target=TEMPLATE))
            webhook = Webhook(installed.release, Path(name) / "webhook", installed.port, python=PYTHON).ready()
            try:
                asyncio.run(measure(webhook, installed))
            finally:
                webhook.server.stop()
        finally:
            plane.stop()


TEMPLATE = {"template": {"data": {"config.yaml": "\n".join(f"key{n}: {{{{ .password }}}}" for n in range(10))}}}


def review() -> bytes:
    """About a pod as a Deployment makes it, some 5 KB."""
    container: dict[str, Any] = {
        "name": "app",
        "image": "registry.example/team/app:1.2.3",
        "env": [{"name": f"VARIABLE_{n}", "value": f"value of {n}"} for n in range(20)],
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"}, "periodSeconds": 5},
        "volumeMounts": [
            {"name": "kube-api-access", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": "app-7c9f8d-",
            "labels": {f"label-{n}": "value" for n in range(6)},
            "annotations": annotated(inject="es-1, es-2"),
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app-7c9f8d", "uid": "1"}],
            "managedFields": [{"manager": "controller", "fieldsV1": {f"f:field{n}": {} for n in range(60)}}],
        },
        "spec": {
            "containers": [container, {**container, "name": "proxy"}],
            "serviceAccountName": "default",
            "tolerations": [{"key": f"node.kubernetes.io/{n}", "operator": "Exists"} for n in range(2)],
            "volumes": [{"name": "kube-api-access", "projected": {"sources": []}}, {"name": "tmp", "emptyDir": {}}],
        },
    }  # fmt: skip
    return review_of(pod)


async def measure(webhook: Webhook, installed: Installed) -> None:
    body = review()
    context = _trusting(installed)
    await _load(webhook, context, body, callers=4, number=WARM)
    resident = _resident(webhook.server.pid)
    print(f"webhook: a review of {len(body):,} bytes, {KNOWN} ExternalSecrets known, {resident:.0f} MiB resident")
    for callers, number in ADMISSIONS.items():
        cpu, count, inside = _cpu(webhook.server.pid), webhook.count("injected"), _seconds(webhook)
        began = time.perf_counter()
        latencies = await _load(webhook, context, body, callers=callers, number=number)
        wall = time.perf_counter() - began
        cpu = _cpu(webhook.server.pid) - cpu
        assert webhook.count("injected") - count == number
        p50, p99 = (statistics.quantiles(latencies, n=100)[rank - 1] * 1e3 for rank in (50, 99))
        inside = (_seconds(webhook) - inside) / number * 1e3
        print(f"  {callers:>2} in flight: {number / wall:.0f}/s, in the webhook {inside:.2f} ms on average")
        print(f"     p50               {p50:7.2f} ms{_judged(p50, P50.get(callers), 'ms')}")
        print(f"     p99               {p99:7.2f} ms{_judged(p99, P99.get(callers), 'ms')}")
        rate = number / cpu
        print(f"     a second and core {rate:7.0f}   {_judged(rate, PER_CORE, '', at_least=True)}")
    print(f"  resident afterwards: {_resident(webhook.server.pid):.0f} MiB")


def _judged(figure: float, goal: float | None, unit: str, *, at_least: bool = False) -> str:
    """The goal beside a figure, and whether it is met."""
    if goal is None:
        return ""
    is_met = figure >= goal if at_least else figure <= goal
    return f"  goal {'>=' if at_least else '<='} {goal:g} {unit}".rstrip() + f": {'met' if is_met else 'missed'}"


async def _load(webhook: Webhook, context: ssl.SSLContext, body: bytes, *, callers: int, number: int) -> list[float]:
    lines = (
        f"POST {PATH} HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    request = "\r\n".join((*lines, "", "")).encode() + body
    latencies: list[float] = []

    async def call() -> None:
        reader, writer = await asyncio.open_connection("localhost", webhook.port, ssl=context)
        for _ in range(number // callers):
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            answer = await reader.readexactly(length)
            latencies.append(time.perf_counter() - began)
        assert msgspec.json.decode(answer)["response"]["allowed"]
        writer.close()

    await asyncio.gather(*(call() for _ in range(callers)))
    return latencies


def _trusting(installed: Installed) -> ssl.SSLContext:
    (only,) = installed.webhooks()
    return ssl.create_default_context(cadata=base64.b64decode(only["clientConfig"]["caBundle"]).decode())


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _seconds(webhook: Webhook) -> float:
    text = httpx.get(f"http://127.0.0.1:{webhook.metrics}/metrics", trust_env=False).text
    return next(
        float(line.split()[1])
        for line in text.splitlines()
        if line.startswith("injector_admission_duration_seconds_sum")
    )


if __name__ == "__main__":
    sys.exit(main())
