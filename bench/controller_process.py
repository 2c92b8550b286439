"""One `python -m controller` under measurement: what it used of the CPU and of memory, what it asked the API server for
(from the audit log), what it logged. `bench.controller` starts and asks it.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.support.controlplane import ControlPlane
from tests.support.processes import Server, free_port

TICKS = os.sysconf("SC_CLK_TCK")
AGENT = "external-secrets-injector-controller/"
IDLE = 1.0
"""Seconds with no more than one tick of the CPU: a pass is over."""
LONGEST = 300.0
"""Seconds after which waiting for that is given up."""
_PROVIDER_CALLS = re.compile(
    r'^externalsecret_provider_api_calls_count\{call="(?P<call>\w+)",[^}]*\} (?P<count>\S+)$', re.MULTILINE
)
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "users": ["admin"]}, {"level": "None"}],
}


def audited(folder: Path) -> list[str]:
    """Flags with which an API server writes `folder`/audit.log."""
    policy = folder / "audit-policy.json"
    policy.write_text(json.dumps(AUDIT_POLICY))
    return [f"--audit-policy-file={policy}", f"--audit-log-path={folder / 'audit.log'}", "--audit-log-maxsize=4096"]


@dataclass(frozen=True, slots=True)
class Memory:
    """In MiB: all that is resident, and of that what belongs to this process alone and to no file."""

    resident: float
    anonymous: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in the life of a process."""

    wall: float
    cpu: float
    logged: int
    audited: int


class Process:
    """Started by construction; `stop` it."""

    def __init__(self, plane: ControlPlane, python: str, variables: dict[str, str], *flags: str) -> None:
        self._port = free_port()
        address = f"127.0.0.1:{self._port}"
        argv = [
            python, "-m", "controller", f"--kubeconfig={plane.kubeconfig}",
            f"--live-addr={address}", f"--metrics-addr={address}", *flags,
        ]  # fmt: skip
        self._audit = plane.folder / "audit.log"
        audited_before = self._audit.stat().st_size
        log = plane.folder / f"controller-{self._port}.log"
        self.server = Server("controller", argv, log=log, env=variables)
        self.start = Mark(time.time(), 0.0, 0, audited_before)

    def stop(self) -> None:
        self.server.stop()

    def ready(self) -> Process:
        """Wait until its watches are through."""
        url = f"http://127.0.0.1:{self._port}/readyz"
        self.server.wait_until(lambda: httpx.get(url, trust_env=False).is_success)
        return self

    def mark(self) -> Mark:
        return Mark(time.time(), self.cpu(), self.server.log.stat().st_size, self._audit.stat().st_size)

    def cpu(self) -> float:
        """Seconds of CPU so far, all threads, the kernel's share included."""
        fields = Path(f"/proc/{self.server.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self) -> Memory:
        status = Path(f"/proc/{self.server.pid}/status").read_text()
        rollup = Path(f"/proc/{self.server.pid}/smaps_rollup").read_text()
        return Memory(_kibibytes("VmRSS", status) / 1024, _kibibytes("Pss_Anon", rollup) / 1024)

    def idle(self) -> Mark:
        """Wait until it has nothing to do; returns when that began. Raises RuntimeError if it goes on for too long."""
        deadline, quiet = time.time() + LONGEST, self.mark()
        while time.time() - quiet.wall < IDLE:
            if time.time() > deadline:
                raise RuntimeError(f"controller: still busy after {LONGEST:.0f} s")
            time.sleep(0.1)
            if self.cpu() > quiet.cpu + 1.5 / TICKS:
                quiet = self.mark()
        return quiet

    def syncs(self, begin: Mark, end: Mark) -> Counter[str]:
        """How often the stores were read for an ExternalSecret and what came of it, by change."""
        with self.server.log.open("rb") as file:
            file.seek(begin.logged)
            lines = file.read(end.logged - begin.logged).splitlines()
        told = (json.loads(line) for line in lines if b'"change": ' in line)
        return Counter(each["change"] for each in told if each["kind"] == "ExternalSecret")

    def requests(self, begin: Mark, end: Mark) -> Counter[str]:
        """What it asked the API server for, as `update externalsecrets/status`."""
        return Counter(
            f"{each['verb']} {_resource(each['objectRef'])}"
            for each in self._asked(begin, end)
            if each["stage"] == ("ResponseStarted" if each["verb"] == "watch" else "ResponseComplete")
        )

    def provider_calls(self) -> Counter[str]:
        """How often backends were called so far, by call."""
        shown = httpx.get(f"http://127.0.0.1:{self._port}/metrics", trust_env=False, timeout=60).text
        calls: Counter[str] = Counter()
        for found in _PROVIDER_CALLS.finditer(shown):
            calls[found["call"]] += int(float(found["count"]))
        return calls

    def first_watch(self, end: Mark) -> float:
        """Seconds from its start until the API server got its first request to watch."""
        received = [
            datetime.fromisoformat(each["requestReceivedTimestamp"]).timestamp()
            for each in self._asked(self.start, end)
            if each["verb"] == "watch"
        ]
        return min(received) - self.start.wall

    def _asked(self, begin: Mark, end: Mark) -> Iterator[dict[str, Any]]:
        with self._audit.open("rb") as file:
            file.seek(begin.audited)
            for line in file.read(end.audited - begin.audited).splitlines():
                if AGENT.encode() not in line:
                    continue
                asked = json.loads(line)
                if asked.get("userAgent", "").startswith(AGENT) and "objectRef" in asked:
                    yield asked


def _resource(reference: dict[str, str]) -> str:
    return "/".join(filter(None, (reference["resource"], reference.get("subresource"))))


def _kibibytes(name: str, text: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found[1])
