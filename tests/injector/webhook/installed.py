"""The webhook as the chart installs it, on the real API server: its flags, its rights, and TLS between the two. What a
cluster has that is missing here is a network of Services: the API server reaches the webhook by URL, on loopback.
"""

import sys
from pathlib import Path

import httpx
import yaml

from tests.chart.helm import of_kind
from tests.chart.release import Release
from tests.support.processes import Server, free_port

API = "/apis/external-secrets.io/v1"
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
IMAGE = "registry.example/agent:1"


class Webhook:
    """One replica: a process with the release's identity. More replicas share the release, on ports of their own."""

    def __init__(self, release: Release, folder: Path, port: int, *flags: str, python: str = sys.executable) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.live, self.metrics = port, free_port(), free_port()
        (container,) = release.deployment["spec"]["template"]["spec"]["containers"]
        own = [
            f"--webhook-addr=127.0.0.1:{port}", f"--live-addr=127.0.0.1:{self.live}",
            f"--metrics-addr=127.0.0.1:{self.metrics}", f"--kubeconfig={release.kubeconfig(folder)}",
        ]  # fmt: skip
        kept = [arg for arg in container["args"] if "-addr=" not in arg]
        self.server = Server(
            "webhook", [python, "-m", *kept, *own, *flags], log=folder / "webhook.log",
            env={"TMPDIR": str(folder)},
        )  # fmt: skip

    def ready(self) -> "Webhook":
        self.server.wait_until(self.is_ready)
        return self

    def is_ready(self) -> bool:
        return httpx.get(f"http://127.0.0.1:{self.live}/readyz", trust_env=False).is_success

    def health(self) -> str:
        return httpx.get(f"http://127.0.0.1:{self.live}/readyz", trust_env=False).text

    def log(self) -> str:
        return self.server.log.read_text()

    def count(self, result: str) -> float:
        text = httpx.get(f"http://127.0.0.1:{self.metrics}/metrics", trust_env=False).text
        (line,) = [
            each for each in text.splitlines() if each.startswith(f'injector_admissions_total{{result="{result}"}}')
        ]
        return float(line.split()[-1])


class Installed:
    """A release of the chart with nothing but the injector."""

    def __init__(self, cluster, namespace, values=None, agent=None) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.port = free_port()
        injector = {
            "enabled": True,
            "agent": {"image": {"repository": "registry.example/agent", "tag": "1"}, **(agent or {})},
            **(values or {}),
        }
        injector["webhook"] = {"url": f"https://localhost:{self.port}", "drain": "1s", **injector.get("webhook", {})}
        self.release = Release(
            cluster, namespace, {"installCRDs": False, "createOperator": False, "injector": injector}
        )
        self.configuration = of_kind(self.release.kept, "MutatingWebhookConfiguration")[0]["metadata"]["name"]

    def webhooks(self):
        return self.cluster.request("GET", f"{CONFIGURATIONS}/{self.configuration}")["webhooks"]


class Namespace:
    """A namespace with a ServiceAccount to run pods as."""

    def __init__(self, cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name
        cluster.create_service_account(name, "default")

    def make(self, manifest, *, query: str = ""):
        """Create it, in this namespace if it is of one."""
        plural = f"{manifest['kind'].lower()}s"
        root = "/api/v1" if manifest["apiVersion"] == "v1" else f"/apis/{manifest['apiVersion']}"
        scope = "" if manifest["kind"].startswith("Cluster") else f"/namespaces/{self.name}"
        metadata = {name: value for name, value in manifest["metadata"].items() if name not in ("uid", "generation")}
        if scope:
            metadata["namespace"] = self.name
        return self.cluster.request("POST", f"{root}{scope}/{plural}{query}", {**manifest, "metadata": metadata})

    def get(self, plural: str, name: str):
        with self.cluster.client() as client:
            answer = client.get(f"/api/v1/namespaces/{self.name}/{plural}/{name}")
        return answer.json() if answer.is_success else None

    def apply(self, *manifests):
        self.cluster.kubectl("apply", "-n", self.name, "-f", "-", stdin=yaml.safe_dump_all(manifests))
