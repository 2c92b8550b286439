"""The example of a pod that opts in, on the test bed: its manifests, its secret in a real OpenBao, its containers."""

import time
from typing import Any

import httpx
import yaml

from tests.support.controlplane import ControlPlane
from tests.support.node import Node, RunningPod
from tests.support.openbao import OpenBao
from tests.support.paths import ROOT

EXAMPLE = ROOT / "examples/pod"
PREFIX = "injector.external-secrets.io/"
AGENT, INIT, FILES = "external-secrets-agent", "external-secrets-init", "external-secrets-files"
TOO_LONG = 60.0


class Shop:
    """`secret` is what OpenBao holds; the store logs in by OpenBao's kubernetes auth, against the API server."""

    def __init__(self, control_plane: ControlPlane, openbao: OpenBao, namespace: str, node: Node) -> None:
        self.control_plane, self.openbao, self.namespace, self.node = control_plane, openbao, namespace, node
        self.running: list[RunningPod] = []
        self.manifests = {
            each["kind"]: each
            for file in ("1-store", "2-external-secret", "3-pod")
            for each in yaml.safe_load_all((EXAMPLE / f"{file}.yaml").read_text())
        }
        provider = self.manifests["SecretStore"]["spec"]["provider"]["vault"]
        provider["server"] = openbao.url
        provider["auth"]["kubernetes"]["mountPath"] = namespace
        self.manifests["ExternalSecret"]["spec"]["refreshInterval"] = "1s"
        self.manifests["ExternalSecret"]["spec"]["dataFrom"][0]["extract"]["key"] = f"{namespace}/database"
        self._let_the_account_in()
        self.put(username="shop", password="one")

    def _let_the_account_in(self) -> None:
        config = {
            "kubernetes_host": self.control_plane.url,
            "kubernetes_ca_cert": self.control_plane.ca_file.read_text(),
            "token_reviewer_jwt": self.control_plane.token,
            "disable_local_ca_jwt": True,
        }
        self.openbao.enable_auth(self.namespace, "kubernetes", config)
        self.openbao.policy(self.namespace, f'path "secret/data/{self.namespace}/*" {{ capabilities = ["read"] }}')
        role = {
            "bound_service_account_names": ["shop"],
            "bound_service_account_namespaces": [self.namespace],
            "audience": "vault",
            "token_policies": [self.namespace],
        }
        self.openbao.write(f"auth/{self.namespace}/role/shop", role)

    def put(self, **data: str) -> None:
        """Another version of the secret."""
        self.openbao.put_kv("secret", f"{self.namespace}/database", data)

    def run(self, *, annotations: dict[str, str] | None = None, **spec: Any) -> RunningPod:
        """Apply all manifests together, with these changes of the pod, and take the stored pod to the node."""
        pod = self.manifests["Pod"]
        pod["metadata"]["annotations"] |= {f"{PREFIX}{name}": value for name, value in (annotations or {}).items()}
        pod["spec"] |= spec
        self.apply(*(self.manifests[kind] for kind in ("ServiceAccount", "SecretStore", "ExternalSecret", "Pod")))
        name = pod["metadata"]["name"]
        stored = self.control_plane.request("GET", f"/api/v1/namespaces/{self.namespace}/pods/{name}")
        running = self.node.run(stored)
        self.running.append(running)
        return running

    def apply(self, *manifests: Any) -> None:
        """As kubectl does, in this order."""
        documents = yaml.safe_dump_all(manifests)
        self.control_plane.kubectl("apply", "-n", self.namespace, "-f", "-", stdin=documents)

    def close(self) -> None:
        for pod in self.running:
            pod.stop()


def eventually(holds: Any, what: str = "") -> Any:
    """What `holds` returns, once it is true."""
    until = time.monotonic() + TOO_LONG
    while not (found := holds()):
        assert time.monotonic() < until, f"it did not come to pass: {what or holds}"
        time.sleep(0.05)
    return found


def metrics(pod: RunningPod) -> str:
    """What the agent says of itself."""
    port = next(
        each["ports"][0]["containerPort"]
        for each in [*pod.pod["spec"]["initContainers"], *pod.pod["spec"]["containers"]]
        if each["name"] == AGENT
    )
    return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
