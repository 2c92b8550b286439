"""Moving a cluster from the External Secrets Operator, and back, by the commands of docs/migration.md."""

import base64
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime

import httpx
import pytest

from secretcore.field_managers import written_at
from secretcore.names import MANAGER
from tests.controller.cluster import TOO_LONG
from tests.crd.reference import ESO_CRDS, eso_definition, needs_crds
from tests.migration.operator import FRESH, RELEASE, fill, recorded, write_chart
from tests.migration.page import Person
from tests.migration.recording import NAMESPACE
from tests.support.controlplane import ControlPlane
from tests.support.fixtures import stopped
from tests.support.processes import Server, free_port

pytestmark = [pytest.mark.server, needs_crds]

KINDS = ("externalsecrets", "secretstores", "clustersecretstores")
API = "/apis/external-secrets.io/v1"
TEAM = f"{API}/namespaces/{NAMESPACE}"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ESO_WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
CONVERSION = {
    "strategy": "Webhook",
    "webhook": {
        "conversionReviewVersions": ["v1"],
        "clientConfig": {"service": {"namespace": RELEASE, "name": "gone", "path": "/convert"}},
    },
}


class Moving:
    """A cluster that is moved, and who moves it."""

    def __init__(self, plane, folder):
        self.plane = plane
        self.folder = folder
        write_chart(folder / "repository" / RELEASE)
        self.person = Person(plane, folder, folder / "repository")
        self.controllers = []

    def install(self):
        """ESO's release, without its webhooks: nobody answers them here."""
        self.plane.create_namespace(RELEASE)
        helm = "install external-secrets external-secrets/external-secrets --namespace external-secrets"
        self.helm(*helm.split(), "--set", "webhook.create=false", "--set", "replicaCount=0")

    def fill(self):
        """Everything in the cluster as ESO left it."""
        self.plane.start_controller_manager()
        with self.plane.client() as client:
            for plural in (*(f"{API}/{kind}" for kind in KINDS), "/apis/external-secrets.io/v1alpha1/pushsecrets"):
                self.plane.apiserver.wait_until(lambda url=plural: client.get(url).is_success)
        fill(self.plane, datetime.now(UTC))
        helm = "upgrade external-secrets external-secrets/external-secrets --namespace external-secrets"
        self.helm(*helm.split(), "--set", "webhook.create=true", "--set", "replicaCount=1")
        # As versions of ESO had it that stored v1beta1.
        self.merge(f"{DEFINITIONS}/externalsecrets.external-secrets.io", {"spec": {"conversion": CONVERSION}})

    def helm(self, *arguments):
        subprocess.run(["helm", *arguments], env=self.person.environment, check=True, cwd=self.folder)

    def merge(self, path, body):
        return self.plane.request("PATCH", path, body, content_type="application/merge-patch+json")

    def get(self, path):
        found = self.found(path)
        assert found, path
        return found

    def found(self, path):
        """None where there is none. A definition that changed makes the API server ask for a moment of patience."""
        with self.plane.client() as client:
            answer = self.eventually(lambda: patient(client.get(path)), path)
        assert answer.is_success or answer.status_code == httpx.codes.NOT_FOUND, answer.text
        return answer.json() if answer.is_success else None

    def eventually(self, holds, what):
        deadline = time.monotonic() + TOO_LONG
        while not (found := holds()):
            assert time.monotonic() < deadline, what
            time.sleep(0.1)
        return found

    def secrets(self):
        """The whole of each, by name."""
        return {each["metadata"]["name"]: each for each in self.get(SECRETS)["items"]}

    def specs(self):
        paths = (f"{TEAM}/externalsecrets", f"{TEAM}/secretstores", f"{API}/clustersecretstores")
        return {(path, each["metadata"]["name"]): each["spec"] for path in paths for each in self.get(path)["items"]}

    def status(self, name):
        return self.get(f"{TEAM}/externalsecrets/{name}")["status"]

    def controller(self, *flags):
        """The release's controller, as a process: there are no nodes here."""
        port = free_port()
        argv = [
            sys.executable, "-m", "controller", f"--kubeconfig={self.plane.kubeconfig}", f"--live-addr=127.0.0.1:{port}",
            f"--metrics-addr=127.0.0.1:{port}", *flags,
        ]  # fmt: skip
        log = self.folder / f"controller-{len(self.controllers)}.log"
        server = Server("controller", argv, log=log)
        self.controllers.append(server)
        return server

    def operator(self):
        """ESO itself, which wants its generators' definitions to be there."""
        for file in ESO_CRDS.glob("generators.*.yaml"):
            self.plane.kubectl("apply", "--server-side", "-f", str(file))
        argv = [
            os.environ["ESO_BINARY"], f"--metrics-addr=127.0.0.1:{free_port()}", f"--live-addr=127.0.0.1:{free_port()}",
        ]  # fmt: skip
        argv = ["/usr/bin/env", f"KUBECONFIG={self.plane.kubeconfig}", *argv]
        log = self.folder / f"operator-{len(self.controllers)}.log"
        self.controllers.append(Server("external-secrets", argv, log=log))
        return self.controllers[-1]

    def taken_over(self):
        """Returns when the controller has read, and said so, every ExternalSecret that was due."""
        items = f"{TEAM}/externalsecrets"
        self.eventually(lambda: all(map(is_read, self.get(items)["items"])), "not every ExternalSecret was read")


def patient(answer):
    return None if answer.status_code == httpx.codes.TOO_MANY_REQUESTS else answer


def is_read(external_secret):
    """By this controller, or not due."""
    rests = external_secret["spec"].get("refreshPolicy") == "CreatedOnce"
    return rests or external_secret["metadata"]["name"] in FRESH or written_at(external_secret, MANAGER)


@pytest.fixture
def installed(tmp_path):
    for plane in stopped(ControlPlane(tmp_path)):
        it = Moving(plane, tmp_path)
        it.install()
        yield it
        for server in it.controllers:
            server.stop()


@pytest.fixture
def moving(installed):
    installed.fill()
    return installed


def test_a_cluster_moves_and_moves_back_and_no_secret_is_written(moving):
    person, before, specs = moving.person, moving.secrets(), moving.specs()
    assert len(before) == len([each for each in recorded() if each["kind"] == "Secret"])

    said = person.runs(1)
    assert "pushsecret" in said.lower()
    assert "not-there" in said  # the ExternalSecret that could not be synced before
    assert "updated" not in said
    assert "created" not in said

    said = person.runs(2)
    assert "\n0\n" in said
    assert "Traceback" not in said
    assert moving.found(f"{ESO_WEBHOOKS}/externalsecret-validate")

    person.runs(3)
    assert [moving.found(f"{ESO_WEBHOOKS}/{each}-validate") for each in ("secretstore", "externalsecret")] == [None] * 2
    person.runs(4)
    person.runs(5)
    for kind in KINDS:
        definition = moving.get(f"{DEFINITIONS}/{kind}.external-secrets.io")
        assert definition["spec"]["conversion"] == {"strategy": "None"}
        assert {each["name"] for each in definition["spec"]["versions"] if each["served"]} == {"v1", "v1beta1"}
    controller = moving.controller()
    moving.taken_over()
    said = person.runs(6)
    assert "every Secret is as it was" in said
    assert MANAGER in next(line for line in said.splitlines() if " owner " in line and "," in line)
    assert moving.secrets() == before
    assert moving.specs() == specs
    assert moving.status("owner")["conditions"][0]["message"] == "secret synced"
    assert "not-there" in moving.status("broken")["conditions"][0]["message"]

    controller.stop()
    person.runs("Back")
    assert moving.secrets() == before
    assert moving.specs() == specs
    for kind in KINDS:
        served = moving.get(f"{DEFINITIONS}/{kind}.external-secrets.io")["spec"]["versions"]
        theirs = eso_definition(kind)["spec"]["versions"]
        assert [each["name"] for each in served if each["served"]] == [
            each["name"] for each in theirs if each["served"]
        ]
    assert moving.found(f"{ESO_WEBHOOKS}/externalsecret-validate")
    assert moving.get(f"/apis/apps/v1/namespaces/{RELEASE}/deployments/{RELEASE}")["spec"]["replicas"] == 1


def test_after_the_move_everything_works_without_eso(moving):
    for step in (2, 3, 4, 5, 7):
        moving.person.runs(step)
    definitions = [each["metadata"]["name"] for each in moving.get(DEFINITIONS)["items"]]
    assert {f"{kind}.external-secrets.io" for kind in KINDS} <= set(definitions)
    before = moving.secrets()
    moving.controller()
    moving.taken_over()
    assert moving.secrets() == before

    # A rotation arrives, and keys that are no more go, of those that ESO wrote.
    rotated = [{"key": "db", "value": "marlin"}, {"key": "api", "value": json.dumps({"user": "ada"})}]
    moving.merge(f"{TEAM}/secretstores/store", {"spec": {"provider": {"fake": {"data": rotated}}}})
    for name in ("owner", "extract", "orphan", "merge", "create-or-merge", "create-or-merge-there", "immutable"):
        spec = {"spec": {"refreshInterval": "59m"}}  # a change that is none of the Secret's
        moving.merge(f"{TEAM}/externalsecrets/{name}", spec)
    expected = {
        "owner": {"password": "marlin"},
        "extract": {"user": "ada"},
        "orphan": {"user": "ada"},
        "merge": {"user": "ada", "foreign": "stays"},
        "create-or-merge": {"user": "ada"},
        "create-or-merge-there": {"user": "ada", "foreign": "stays"},
        "immutable": {"password": "swordfish"},
    }
    for name, data in expected.items():
        moving.eventually(lambda name=name, data=data: decoded(moving.secrets()[name]) == data, f"{name} is not {data}")

    # What has ESO's finalizers goes; by whose rules, Kubernetes' garbage collector knows.
    for name in ("owner", "orphan", "deleted-with-it"):
        moving.plane.request("DELETE", f"{TEAM}/externalsecrets/{name}")
        moving.eventually(lambda name=name: moving.found(f"{TEAM}/externalsecrets/{name}") is None, f"{name} stays")
    for name in ("owner", "deleted-with-it"):
        moving.eventually(lambda name=name: moving.found(f"{SECRETS}/{name}") is None, f"Secret {name} stays")
    assert moving.found(f"{SECRETS}/orphan")

    # A store that a PushSecret needs stays, and says so, until the PushSecret does not.
    moving.plane.request("DELETE", f"{TEAM}/secretstores/pushed")
    events = f"/api/v1/namespaces/{NAMESPACE}/events?fieldSelector=reason=PushSecretsLeft"
    moving.eventually(lambda: moving.get(events)["items"], "nothing is said about the store")
    assert moving.found(f"{TEAM}/secretstores/pushed")
    push = f"/apis/external-secrets.io/v1alpha1/namespaces/{NAMESPACE}/pushsecrets/push"
    moving.merge(push, {"spec": {"deletionPolicy": "None"}})
    moving.eventually(lambda: moving.found(f"{TEAM}/secretstores/pushed") is None, "the store stays")


def test_the_annotation_alone_would_not_keep_the_definitions(installed):
    """Why step 2 has two commands."""
    arguments = ("crd", "-l", "external-secrets.io/component=controller", "helm.sh/resource-policy=keep")
    installed.plane.kubectl("annotate", *arguments)
    installed.helm("uninstall", "external-secrets", "--namespace", "external-secrets")
    definition = installed.found(f"{DEFINITIONS}/externalsecrets.external-secrets.io")
    assert definition is None or "deletionTimestamp" in definition["metadata"]


def decoded(secret):
    return {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}


@pytest.mark.skipif("ESO_BINARY" not in os.environ, reason="ESO_BINARY names no binary of ESO's, see recording.py")
def test_eso_itself_is_noticed_beside_us_and_goes_on_after_us_without_a_write(moving):
    for step in (2, 3, 4, 5):
        moving.person.runs(step)
    before = moving.secrets()
    controller = moving.controller()
    moving.taken_over()
    operator = moving.operator()
    new = moving.get(f"{TEAM}/externalsecrets/owner")
    manifest = {"apiVersion": new["apiVersion"], "kind": new["kind"], "metadata": {"name": "new"}, "spec": new["spec"]}
    moving.plane.request("POST", f"{TEAM}/externalsecrets", manifest)
    events = f"/api/v1/namespaces/{NAMESPACE}/events?fieldSelector=reason=OtherController"
    moving.eventually(lambda: moving.get(events)["items"], "ESO is not noticed")
    moving.plane.request("DELETE", f"{TEAM}/externalsecrets/new")
    moving.eventually(lambda: "new" not in moving.secrets(), "the Secret stays")
    assert moving.secrets() == before

    operator.stop()
    controller.stop()
    moving.person.runs("Back")
    moving.plane.kubectl("delete", "validatingwebhookconfigurations", "--all")
    moving.operator()
    names = [name for name in before if name not in ("rendered", "once")]  # of another name, and read only once
    for name in names:
        moving.merge(f"{TEAM}/externalsecrets/{name}", {"spec": {"refreshInterval": "58m"}})
    moving.eventually(
        lambda: all(
            moving.status(name)["syncedResourceVersion"].startswith(generation(moving, name)) for name in names
        ),
        "ESO does not go on",
    )
    assert moving.secrets() == before


def generation(moving, name):
    return f"{moving.get(f'{TEAM}/externalsecrets/{name}')['metadata']['generation']}-"
