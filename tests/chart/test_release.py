"""The chart installed, upgraded, rolled back and removed by Helm itself, on a real API server of its own."""

import base64
import signal
import sys

import httpx
import pytest
import yaml
from helm_python import Config, HelmReleaseError

from tests.chart.helm import FOLDER
from tests.support.controlplane import ControlPlane
from tests.support.fixtures import stopped
from tests.support.processes import Server, free_port

pytestmark = pytest.mark.server

NAMESPACE = "external-secrets"
FULL = "demo-external-secrets-injector"
API = "/apis/external-secrets.io/v1/namespaces/team"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{FULL}"
ACCOUNT = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{FULL}"


class Installed:
    """Helm on a cluster that knew nothing of us before."""

    def __init__(self, plane):
        self.plane = plane
        self.helm = Config(kubeconfig_path=plane.kubeconfig, namespace=NAMESPACE)

    def install(self, **values):
        return self.helm.install(FOLDER, "demo", values, create_namespace=True)

    def upgrade(self, **values):
        return self.helm.upgrade(FOLDER, "demo", values)

    def get(self, path):
        """None when there is no such object."""
        with self.plane.client() as client:
            answer = client.get(path)
        return answer.json() if answer.is_success else None

    def uid(self, path):
        return self.get(path)["metadata"]["uid"]

    def crds(self):
        """UID by name, of ours; one that is being deleted is none."""
        return {
            each["metadata"]["name"]: each["metadata"]["uid"]
            for each in self.get(CRDS)["items"]
            if each["spec"]["group"] == "external-secrets.io" and "deletionTimestamp" not in each["metadata"]
        }

    def serves(self):
        with self.plane.client() as client:
            self.plane.apiserver.wait_until(lambda: client.get(f"{API}/externalsecrets").is_success)

    def use(self):
        """A namespace with an ExternalSecret and the Secret that it owns."""
        self.plane.create_namespace("team")
        self.serves()
        remote = [{"secretKey": "password", "remoteRef": {"key": "db"}}]
        owner = self.plane.request(
            "POST",
            f"{API}/externalsecrets",
            {
                "apiVersion": "external-secrets.io/v1",
                "kind": "ExternalSecret",
                "metadata": {"name": "db"},
                "spec": {"secretStoreRef": {"name": "store"}, "data": remote},
            },
        )
        reference = {
            "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "name": "db",
            "uid": owner["metadata"]["uid"], "controller": True,
        }  # fmt: skip
        metadata = {"name": "db", "ownerReferences": [reference]}
        self.plane.request("POST", "/api/v1/namespaces/team/secrets", {"metadata": metadata, "data": {"a": "MQ=="}})

    def start(self, name="demo", namespace=NAMESPACE):
        """The controller of a release as its Deployment says, with its identity; ready on return."""
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}-external-secrets-injector"
        (container,) = self.get(path)["spec"]["template"]["spec"]["containers"]
        token = self.plane.service_account_token(namespace, f"{name}-external-secrets-injector")
        kubeconfig = self.plane.folder / f"kubeconfig-{name}"
        kubeconfig.write_text(yaml.safe_dump(self.plane.kubeconfig_for(token)))
        live = free_port()
        own = [f"--kubeconfig={kubeconfig}", f"--live-addr=127.0.0.1:{live}", "--metrics-addr=0"]
        argv = [sys.executable, "-m", *container["args"], *own]
        server = Server(f"controller-{name}", argv, log=self.plane.folder / f"controller-{name}.log")
        server.wait_until(lambda: httpx.get(f"http://127.0.0.1:{live}/readyz", trust_env=False).is_success)
        return server

    def sync(self, namespace):
        """An ExternalSecret of a store in memory, and when it is Ready the Secret's name, in a namespace."""
        root = f"/apis/external-secrets.io/v1/namespaces/{namespace}"
        provider = {"fake": {"data": [{"key": "db", "value": f"of {namespace}"}]}}
        remote = [{"secretKey": "password", "remoteRef": {"key": "db"}}]
        specs = {
            "SecretStore": {"provider": provider},
            "ExternalSecret": {"secretStoreRef": {"name": "db"}, "refreshInterval": "1h", "data": remote},
        }
        for kind, spec in specs.items():
            body = {"apiVersion": "external-secrets.io/v1", "kind": kind, "metadata": {"name": "db"}, "spec": spec}
            self.plane.request("POST", f"{root}/{kind.lower()}s", body)

    def secret(self, namespace):
        """Data of the Secret in a namespace; None when there is none."""
        found = self.get(f"/api/v1/namespaces/{namespace}/secrets/db")
        return found and {key: base64.b64decode(value).decode() for key, value in found["data"].items()}

    def conditions(self, namespace):
        found = self.get(f"/apis/external-secrets.io/v1/namespaces/{namespace}/externalsecrets/db")
        return [(each["type"], each["status"]) for each in (found.get("status") or {}).get("conditions") or ()]

    def collect(self):
        """Returns when the garbage collector has worked off what was there before."""
        maps = "/api/v1/namespaces/default/configmaps"
        owner = self.plane.request("POST", maps, {"metadata": {"name": "owner"}})
        reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
        self.plane.request("POST", maps, {"metadata": {"name": "owned", "ownerReferences": [reference]}})
        self.plane.request("DELETE", f"{maps}/owner")
        self.plane.apiserver.wait_until(lambda: self.get(f"{maps}/owned") is None)

    def used(self):
        """What of it must never change."""
        paths = (f"{API}/externalsecrets/db", "/api/v1/namespaces/team/secrets/db")
        found = [self.get(path)["metadata"] for path in paths]
        assert not any("deletionTimestamp" in metadata for metadata in found)
        return [(metadata["uid"], metadata["resourceVersion"]) for metadata in found]


@pytest.fixture
def installed(tmp_path):
    for plane in stopped(ControlPlane(tmp_path)):
        yield Installed(plane)


def test_a_release_lives_through_upgrades_and_leaves_secrets_behind(installed):
    release = installed.install()
    assert (release["revision"], release["status"]) == (1, "deployed")
    assert "rollout status deployment/demo-external-secrets-injector" in release["notes"]
    installed.use()
    crds, account, before = installed.crds(), installed.uid(ACCOUNT), installed.used()
    assert len(crds) == 3

    installed.upgrade(replicaCount=3, podDisruptionBudget={"enabled": True}, log={"level": "debug"})
    deployment = installed.get(DEPLOYMENT)
    assert deployment["spec"]["replicas"] == 3
    assert "--loglevel=debug" in deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    assert installed.get(f"/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets/{FULL}")
    assert (installed.crds(), installed.uid(ACCOUNT), installed.used()) == (crds, account, before)

    installed.upgrade(installCRDs=False, createOperator=False)  # who hands the definitions over to somebody else
    assert installed.get(DEPLOYMENT) is None
    assert (installed.crds(), installed.used()) == (crds, before)

    installed.helm.rollback("demo", version=2)
    assert installed.get(DEPLOYMENT)["spec"]["replicas"] == 3
    assert (installed.crds(), installed.used()) == (crds, before)

    installed.helm.uninstall("demo")
    assert installed.get(DEPLOYMENT) is None
    assert installed.get(ACCOUNT) is None
    roles = installed.get("/apis/rbac.authorization.k8s.io/v1/clusterroles")["items"]
    assert not [role for role in roles if FULL in role["metadata"]["name"]]
    assert (installed.crds(), installed.used()) == (crds, before)

    again = installed.install()
    assert again["status"] == "deployed"
    assert (installed.crds(), installed.used()) == (crds, before)


def test_values_that_can_not_be_meant_change_nothing(installed):
    installed.install(installCRDs=False, replicaCount=2)
    before = installed.get(DEPLOYMENT)
    for values in ({"replicaCount": 2, "leaderElect": False}, {"replicas": 3}):
        with pytest.raises(HelmReleaseError):
            installed.upgrade(installCRDs=False, **values)
    assert installed.get(DEPLOYMENT)["spec"] == before["spec"]


def test_secrets_stay_while_controller_and_garbage_collector_are_at_work(installed):
    installed.plane.start_controller_manager()
    installed.install()
    installed.plane.create_namespace("team")
    installed.serves()
    controller = installed.start()
    installed.sync("team")
    controller.wait_until(lambda: installed.conditions("team") == [("Ready", "True")])
    assert installed.secret("team") == {"password": "of team"}
    crds, before = installed.crds(), installed.used()

    installed.upgrade(log={"level": "debug"})
    controller.send(signal.SIGTERM)  # as the Deployment's roll-out does
    controller.stop()
    controller = installed.start()
    installed.collect()
    assert (installed.crds(), installed.used()) == (crds, before)

    installed.helm.uninstall("demo")
    installed.collect()
    assert (installed.crds(), installed.used()) == (crds, before)
    controller.stop()

    installed.plane.request("DELETE", f"{API}/externalsecrets/db")  # nothing but that lets it be collected
    installed.plane.apiserver.wait_until(lambda: installed.secret("team") is None)


def test_two_releases_serve_two_namespaces_beside_each_other(installed):
    controllers = []
    for name in ("red", "blue"):
        values = {"installCRDs": name == "red", "scopedRBAC": True}
        installed.helm.install(FOLDER, name, values, namespace=name, create_namespace=True)
        installed.serves()
        controllers.append(installed.start(name, name))
    installed.plane.create_namespace("green")
    for namespace in ("red", "blue", "green"):
        installed.sync(namespace)
    for controller, namespace in zip(controllers, ("red", "blue"), strict=True):
        controller.wait_until(lambda namespace=namespace: installed.conditions(namespace) == [("Ready", "True")])
        assert installed.secret(namespace) == {"password": f"of {namespace}"}
    assert (installed.conditions("green"), installed.secret("green")) == ([], None)
    for controller in controllers:
        controller.send(signal.SIGTERM)
        controller.stop()
        assert "forbidden" not in controller.log.read_text().lower()


def test_the_notes_say_whose_the_definitions_are(installed):
    mine = installed.install(createOperator=False)
    assert "belong to this release" in mine["notes"]
    installed.serves()
    other = installed.helm.install(FOLDER, "other", {"installCRDs": False}, namespace="other", create_namespace=True)
    notes = " ".join(other["notes"].split())
    assert f"WARNING: the CustomResourceDefinitions belong to release demo in namespace {NAMESPACE}" in notes
    assert "uninstalled" not in notes  # since they are kept
    path = f"{CRDS}/externalsecrets.external-secrets.io"
    for annotation in ("helm.sh/resource-policy", "meta.helm.sh/release-name"):
        gone = {"metadata": {"annotations": {annotation: None}}}
        installed.plane.request("PATCH", path, gone, content_type="application/merge-patch+json")
        name = annotation.rpartition("-")[2]
        third = installed.helm.install(FOLDER, name, {"installCRDs": False}, namespace=name, create_namespace=True)
        notes += " ".join(third["notes"].split())
    assert notes.count("which takes every ExternalSecret along when it is uninstalled") == 1
    assert "are not part of this release, and are there" in notes
