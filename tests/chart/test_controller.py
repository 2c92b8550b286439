"""The controller as the chart starts it: its flags, and no identity but the chart's ServiceAccount."""

import base64
import signal
import sys

import httpx
import pytest

from tests.chart.release import Release
from tests.support.processes import Server, free_port

pytestmark = pytest.mark.server

API = "/apis/external-secrets.io/v1"


class Installed:
    """A release with its controller at work."""

    def __init__(self, cluster, namespace, folder, values):
        self.cluster = cluster
        self.namespace = namespace
        self.live, metrics = free_port(), free_port()
        ports = {"live": {"port": self.live}, "metrics": {"listen": {"port": metrics}}}
        self.release = Release(cluster, namespace, {"log": {"level": "debug"}, **ports, **values})
        (container,) = self.release.deployment["spec"]["template"]["spec"]["containers"]
        identity = f"--kubeconfig={self.release.kubeconfig(folder)}"
        argv = [sys.executable, "-m", *container["args"], identity]
        self.server = Server("controller", argv, log=folder / "controller.log")

    def ready(self):
        url = f"http://127.0.0.1:{self.live}/readyz"
        self.server.wait_until(lambda: httpx.get(url, trust_env=False).is_success)
        return self

    def get(self, path):
        with self.cluster.client() as client:
            answer = client.get(path)
        return answer.json() if answer.is_success else {}

    def make(self, plural, name, namespace=None, **content):
        scope = f"/namespaces/{namespace}" if namespace else ""
        root = "/api/v1" if plural == "configmaps" else API
        self.cluster.request("POST", f"{root}{scope}/{plural}", {"metadata": {"name": name}, **content} | _kind(plural))

    def secret(self, name, namespace):
        data = self.get(f"/api/v1/namespaces/{namespace}/secrets/{name}").get("data") or {}
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def becomes(self, name, namespace, expected):
        self.server.wait_until(lambda: self.secret(name, namespace) == expected)

    def condition(self, plural, name, namespace=None):
        scope = f"/namespaces/{namespace}" if namespace else ""
        status = self.get(f"{API}{scope}/{plural}/{name}").get("status") or {}
        return [(each["type"], each["status"], each["reason"]) for each in status.get("conditions") or []]

    def log(self):
        return self.server.log.read_text()

    def end(self):
        self.server.send(signal.SIGTERM)
        self.server.stop()
        return self.log()


def _kind(plural):
    kinds = {
        "configmaps": ("v1", "ConfigMap"), "secretstores": ("external-secrets.io/v1", "SecretStore"),
        "clustersecretstores": ("external-secrets.io/v1", "ClusterSecretStore"),
        "externalsecrets": ("external-secrets.io/v1", "ExternalSecret"),
    }  # fmt: skip
    version, kind = kinds[plural]
    return {"apiVersion": version, "kind": kind}


@pytest.fixture
def install(cluster, namespace, tmp_path):
    made = []

    def install(**values):
        made.append(Installed(cluster, namespace, tmp_path, values))
        return made[-1]

    yield install
    for each in made:
        each.server.stop()
        each.release.remove()


def fake(value):
    return {"spec": {"provider": {"fake": {"data": [{"key": "db", "value": value}]}}}}


def wanted(store="store", kind="SecretStore", **spec):
    data = [{"secretKey": "password", "remoteRef": {"key": "db"}}]
    return {"spec": {"secretStoreRef": {"name": store, "kind": kind}, "refreshInterval": "1h", "data": data, **spec}}


def test_cluster_wide_it_does_all_that_it_does_with_the_rights_of_the_chart(install, cluster, namespace):
    it = install().ready()
    team = cluster.create_namespace(f"{namespace}-t", {"team": "a"})
    store = f"{namespace}-shared"
    conditions = [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]
    shared = fake("shared")
    it.make("clustersecretstores", store, spec={**shared["spec"], "conditions": conditions})
    it.make("secretstores", "store", team, **fake("own"))
    it.make("configmaps", "form", team, data={"password": "<{{ .password }}>"})
    form = {"configMap": {"name": "form", "items": [{"key": "password"}]}}
    it.make("externalsecrets", "own", team, **wanted())
    it.make(
        "externalsecrets", "shared", team, **wanted(store, "ClusterSecretStore", target={"deletionPolicy": "Delete"})
    )
    it.make("externalsecrets", "formed", team, **wanted(target={"template": {"templateFrom": [form]}}))
    it.becomes("own", team, {"password": "own"})
    it.becomes("shared", team, {"password": "shared"})
    it.becomes("formed", team, {"password": "<own>"})
    it.server.wait_until(lambda: it.condition("externalsecrets", "own", team) == [("Ready", "True", "SecretSynced")])
    assert it.condition("secretstores", "store", team) == [("Ready", "True", "Valid")]
    assert it.condition("clustersecretstores", store) == [("Ready", "True", "Valid")]
    # repaired when edited, made anew when deleted
    path = f"/api/v1/namespaces/{team}/secrets/own"
    cluster.request("PATCH", path, {"stringData": {"password": "edited"}}, content_type="application/merge-patch+json")
    it.becomes("own", team, {"password": "own"})
    cluster.request("DELETE", path)
    it.becomes("own", team, {"password": "own"})
    # deleted with what it came from, and ESO's finalizer released
    patch = {"spec": {"provider": {"fake": {"data": []}}}}
    stores = f"{API}/clustersecretstores/{store}"
    cluster.request("PATCH", stores, patch, content_type="application/merge-patch+json")
    own = f"{API}/namespaces/{team}/externalsecrets"
    finalizer = {"metadata": {"finalizers": ["externalsecrets.external-secrets.io/externalsecret-cleanup"]}}
    cluster.request("PATCH", f"{own}/shared", {"metadata": {"annotations": {"force-sync": "1"}}}, content_type="application/merge-patch+json")  # fmt: skip
    it.server.wait_until(lambda: not it.get(f"/api/v1/namespaces/{team}/secrets/shared"))
    cluster.request("PATCH", f"{own}/own", finalizer, content_type="application/merge-patch+json")
    cluster.request("DELETE", f"{own}/own")
    it.server.wait_until(lambda: not it.get(f"{own}/own"))
    log = it.end()
    events = it.get(f"/api/v1/namespaces/{team}/events")["items"]
    assert ("own", "Created") in {(each["involvedObject"]["name"], each["reason"]) for each in events}
    lease = it.get(f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/external-secrets-controller")
    assert lease["spec"]["leaseTransitions"] == 0
    assert "forbidden" not in log.lower()
    assert "Traceback" not in log
    cluster.request("DELETE", stores)
    cluster.request("DELETE", f"/api/v1/namespaces/{team}")


def test_scoped_it_serves_its_namespace_with_a_role_in_it(install, cluster, namespace):
    served = cluster.create_namespace(f"{namespace}-s")
    it = install(scopedNamespace=served, scopedRBAC=True).ready()
    for where in (served, namespace):
        it.make("secretstores", "store", where, **fake("own"))
        it.make("externalsecrets", "db", where, **wanted())
    it.becomes("db", served, {"password": "own"})
    it.server.wait_until(lambda: it.condition("externalsecrets", "db", served) == [("Ready", "True", "SecretSynced")])
    log = it.end()
    assert it.secret("db", namespace) == {}
    assert it.condition("externalsecrets", "db", namespace) == []
    assert "forbidden" not in log.lower()
    cluster.request("DELETE", f"/api/v1/namespaces/{served}")


def test_without_rights_it_is_not_ready_and_says_which_it_lacks(install):
    it = install(rbac={"create": False}, leaderElect=False)
    url = f"http://127.0.0.1:{it.live}/readyz"
    it.server.wait_until(lambda: httpx.get(url, trust_env=False).is_error)
    it.server.wait_until(lambda: "list secretstores: secretstores.external-secrets.io is forbidden" in it.log())
    assert httpx.get(url, trust_env=False).is_error
