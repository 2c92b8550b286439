"""The controller with just the rights that docs/controller.md names, and with fewer."""

import asyncio
import base64

import pytest
import yaml

from kubecore import client
from kubecore.cache import Key
from kubecore.events import Recorder
from kubecore.resources import EVENTS, NAMESPACES
from tests.controller.cluster import TOO_LONG

pytestmark = pytest.mark.server

ES = ["external-secrets.io"]
RULES = [
    (ES, ["externalsecrets", "secretstores", "clustersecretstores"], ["get", "list", "watch", "patch"]),
    (ES, ["externalsecrets/status", "secretstores/status", "clustersecretstores/status"], ["patch"]),
    (ES, ["pushsecrets"], ["list"]),
    ([""], ["secrets"], ["get", "list", "watch", "create", "update", "delete"]),
    ([""], ["configmaps"], ["get", "list", "watch"]),
    ([""], ["namespaces"], ["get"]),
    ([""], ["serviceaccounts/token"], ["create"]),
    ([""], ["events"], ["create", "patch"]),
]
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"


class Rights:
    """A ClusterRole named after the namespace, and who has it."""

    def __init__(self, served, namespace):
        self.served = served
        self.name = namespace
        self.path = "/apis/rbac.authorization.k8s.io/v1/clusterroles"

    def grant(self, rules):
        rules = [{"apiGroups": groups, "resources": resources, "verbs": verbs} for groups, resources, verbs in rules]
        role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": self.name}}
        self.served.request(
            "PATCH", f"{self.path}/{self.name}?fieldManager=test&force=true", {**role, "rules": rules},
            content_type="application/apply-patch+yaml",
        )  # fmt: skip

    def bind(self, user):
        binding = {
            "metadata": {"name": self.name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": self.name},
            "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}],
        }
        self.served.request("POST", BINDINGS, binding)

    def remove(self):
        self.served.request("DELETE", f"{self.path}/{self.name}")
        with self.served.client() as client:
            client.delete(f"{BINDINGS}/{self.name}")


@pytest.fixture
def rights(served, namespace):
    rights = Rights(served, namespace)
    rights.grant(RULES)
    rights.bind(served.create_service_account(namespace, "controller"))
    yield rights
    rights.remove()


@pytest.fixture
async def limited(served, namespace, rights, tmp_path):
    """A client with these rights."""
    config = served.kubeconfig_for(served.service_account_token(namespace, "controller"))
    path = tmp_path / "limited"
    path.write_text(yaml.safe_dump(config))
    async with await client.from_kubeconfig("controller-tests/1.0", path) as own:
        yield own


async def test_the_rights_that_the_documentation_names_suffice(cluster, limited, api):
    finalizer = "externalsecrets.external-secrets.io/externalsecret-cleanup"
    await cluster.fake(db="one")
    await cluster.apply("Secret", "login", data={"token": base64.b64encode(b"right").decode()})
    await cluster.apply("ConfigMap", "templates", data={"a": "{{ .password }}"})
    await api.patch(NAMESPACES, cluster.namespace, body={"metadata": {"labels": {"team": "a"}}})
    conditions = {"conditions": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]}
    await cluster.echo(
        cluster.namespace, "ClusterSecretStore", secretRef={"name": "login", "key": "token"}, rest=conditions
    )
    await cluster.echo("account", serviceAccountRef={"name": "controller"})
    recorder = Recorder(limited, "external-secrets")
    telling = asyncio.create_task(recorder.run())
    cluster.event = recorder.event
    async with cluster.running(limited):
        await cluster.external_secret(metadata={"finalizers": [finalizer]})
        await cluster.data(password="one")
        await cluster.fake(db="two")
        await cluster.external_secret(
            metadata={"finalizers": [finalizer], "annotations": {"a": "b"}},
            target={"deletionPolicy": "Delete", "template": {
                "templateFrom": [{"configMap": {"name": "templates", "items": [{"key": "a"}]}}]}},
        )  # fmt: skip
        await cluster.data(a="two")
        await cluster.external_secret(
            "shared", secretStoreRef={"name": cluster.namespace, "kind": "ClusterSecretStore"}
        )
        await cluster.data("shared", password="right")
        await cluster.external_secret("account", store="account")
        await cluster.condition("True", "SecretSynced", "account")
        await cluster.delete("ExternalSecret", "db")
        await cluster.eventually("ExternalSecret", "db", lambda it: it is None)
    await recorder.flush()
    telling.cancel()
    assert recorder.dropped == 0
    assert await api.list(EVENTS, cluster.namespace)
    await cluster.delete("ClusterSecretStore", cluster.namespace)


async def test_a_right_that_is_taken_away_is_named_and_the_secret_stays(cluster, rights, limited):
    await cluster.fake(db="one")
    async with cluster.running(limited):
        await cluster.external_secret()
        before = await cluster.data(password="one")
        rights.grant([rule for rule in RULES if "secrets" not in rule[1]] + [
            ([""], ["secrets"], ["get", "list", "watch", "create"])])  # fmt: skip
        await cluster.fake(db="two")

        async def again(number):
            await cluster.external_secret(metadata={"annotations": {"again": str(number)}})

        await again(1)
        await cluster.condition("False", "SecretSyncedError", message="could not update secret: update secrets ")
        assert (await cluster.get("Secret", "db"))["data"] == before["data"]
        rights.grant(RULES)
        await again(2)
        await cluster.data(password="two")
        await cluster.condition("True", "SecretSynced")


async def test_without_any_right_to_secrets_it_says_so_and_goes_on_by_itself_when_it_has_them_again(
    cluster, rights, limited
):
    await cluster.fake(db="one")
    async with cluster.running(limited):
        await cluster.external_secret()
        await cluster.data(password="one")
        rights.grant([rule for rule in RULES if "secrets" not in rule[1]])
        await cluster.fake(db="two")
        await cluster.external_secret(metadata={"annotations": {"again": "1"}})
        await cluster.condition("False", "SecretSyncedError", message="could not update secret: get secrets ")
        await cluster.external_secret("late")
        await cluster.condition("False", "SecretSyncedError", "late", message="let the controller's role")
        rights.grant(RULES)
        await cluster.data(password="two")
        await cluster.data("late", password="two")
        await cluster.condition("True", "SecretSynced")


async def test_without_any_right_it_neither_ends_nor_loses_track(cluster, rights, limited):
    await cluster.fake(db="one")
    async with cluster.running(limited) as controller:
        await cluster.external_secret()
        await cluster.condition("True", "SecretSynced")
        rights.grant([])
        await cluster.external_secret(
            metadata={"annotations": {"again": "1"}}, target={"template": {"data": {"a": "b"}}}
        )
        async with asyncio.timeout(TOO_LONG):
            while Key(cluster.namespace, "db") not in controller.external_secrets.queue._failures:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert (await cluster.get("Secret", "db"))["data"] == {"password": "b25l"}
        rights.grant(RULES)
        await cluster.data(a="b")
        await cluster.condition("True", "SecretSynced")
