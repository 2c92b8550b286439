"""The chart installed, upgraded, rolled back and removed by Helm itself, on a real API server of its own."""

import pytest
from helm_python import Config, HelmReleaseError

from tests.chart.helm import FOLDER
from tests.support.controlplane import ControlPlane
from tests.support.fixtures import stopped

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


def test_two_releases_serve_two_namespaces_beside_each_other(installed):
    for name in ("red", "blue"):
        values = {"installCRDs": name == "red", "scopedRBAC": True}
        installed.helm.install(FOLDER, name, values, namespace=name, create_namespace=True)
    names = {
        (each["metadata"]["namespace"], each["metadata"]["name"])
        for each in installed.get("/apis/rbac.authorization.k8s.io/v1/roles")["items"]
        if "external-secrets-injector-controller" in each["metadata"]["name"]
    }
    assert names == {(name, f"{name}-external-secrets-injector-controller") for name in ("red", "blue")}
