"""A store that is being deleted and has ESO's finalizer: it goes when no PushSecret needs it, and says which one does."""

import asyncio

import pytest

from controller.kinds import PUSH_SECRETS, SECRET_STORES, StoreKey
from controller.secret_store.pushes import kept_for, needed_by
from kubecore.errors import NotFound, ServerUnavailable, TooManyRequests
from kubecore.resources import CUSTOM_RESOURCE_DEFINITIONS
from tests.support.server_side_apply import apply

FINALIZER = "secretstore.externalsecrets.io/finalizer"
ONE, SHARED = StoreKey("SecretStore", "team", "one"), StoreKey("ClusterSecretStore", "", "shared")
STORE = {"metadata": {"name": "one", "labels": {"tier": "a"}}}


def push(*refs, policy="Delete", namespace="team", synced=()):
    return {
        "metadata": {"name": "push", "namespace": namespace},
        "spec": {"deletionPolicy": policy, "secretStoreRefs": list(refs)},
        "status": {"syncedPushSecrets": {key: {} for key in synced}},
    }


BY_LABEL = {"labelSelector": {"matchLabels": {"tier": "a"}}}
OTHER_LABEL = {"labelSelector": {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a"]}]}}


@pytest.mark.parametrize(
    ("key", "of", "needs"),
    [
        (ONE, push({"name": "one"}), True),
        (ONE, push({"name": "one", "kind": "SecretStore"}), True),
        (ONE, push({"name": "one", "kind": "ClusterSecretStore"}), False),
        (ONE, push({"name": "two"}, {"name": "one"}), True),
        (ONE, push({"name": "two"}), False),
        (ONE, push({"name": "one"}, policy="None"), False),
        (ONE, push({"name": "one"}, policy=None), False),
        (ONE, push({"name": "one"}, namespace="other"), False),
        (ONE, push(BY_LABEL), True),
        (ONE, push(OTHER_LABEL), False),
        (ONE, push({"labelSelector": {}}), True),
        (ONE, push({"labelSelector": {"matchLabels": 7}}), True),  # who can't be read may mean it
        (ONE, push(), False),
        (ONE, push(synced=["SecretStore/one"]), True),
        (ONE, push(synced=["ClusterSecretStore/one", "SecretStore/two"]), False),
        (ONE, push(synced=["SecretStore/one"], policy="None"), False),
        (SHARED, push({"name": "shared", "kind": "ClusterSecretStore"}, namespace="anywhere"), True),
        (SHARED, push({"name": "shared"}), False),
        (SHARED, push(synced=["ClusterSecretStore/shared"]), True),
    ],
)
def test_a_push_secret_needs_the_stores_that_it_is_to_delete_from(key, of, needs):
    assert bool(needed_by(key, STORE, [of])) is needs


def test_what_keeps_a_store_is_named_and_not_at_any_length():
    event = kept_for(ONE, [f"team/push-{number}" for number in range(9)])
    assert '"team/push-0", "team/push-1", "team/push-2" and others' in event.message
    assert "push-3" not in event.message
    assert "set spec.deletionPolicy to None" in event.message


DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "pushsecrets.external-secrets.io"},
    "spec": {
        "group": "external-secrets.io",
        "scope": "Namespaced",
        "names": {"kind": "PushSecret", "listKind": "PushSecretList", "plural": "pushsecrets", "singular": "pushsecret"},
        "versions": [
            {
                "name": "v1alpha1", "served": True, "storage": True, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}  # fmt: skip


@pytest.fixture
async def push_secrets(api):
    """ESO's kind, for as long as the test takes."""
    await apply(api, CUSTOM_RESOURCE_DEFINITIONS, DEFINITION)
    while not await _is_served(api):  # noqa: ASYNC110 - the API server says when in no other way
        await asyncio.sleep(0.05)
    yield
    await api.delete(CUSTOM_RESOURCE_DEFINITIONS, DEFINITION["metadata"]["name"])


async def _is_served(api):
    try:
        await api.list(PUSH_SECRETS)
    except (NotFound, TooManyRequests, ServerUnavailable):
        return False
    return True


async def left_by_eso(cluster):
    await cluster.apply(
        "SecretStore", "store", metadata={"finalizers": [FINALIZER]}, spec={"provider": {"fake": {"data": []}}}
    )


@pytest.mark.server
async def test_a_store_with_esos_finalizer_goes_where_there_are_no_push_secrets(cluster):
    await left_by_eso(cluster)
    async with cluster.running():
        await cluster.condition("True", "Valid", "store", "SecretStore")
        await cluster.delete("SecretStore", "store")
        await cluster.eventually("SecretStore", "store", lambda it: it is None)


@pytest.mark.server
async def test_a_store_stays_as_long_as_a_push_secret_needs_it(cluster, push_secrets):
    await left_by_eso(cluster)
    spec = push({"name": "store"})["spec"]
    metadata = {"name": "push", "namespace": cluster.namespace}
    await apply(cluster.api, PUSH_SECRETS, {"metadata": metadata, "spec": spec})
    async with cluster.running():
        await cluster.delete("SecretStore", "store")
        await cluster.warned(f'PushSecret "{cluster.namespace}/push" has yet to take back', "store")
        assert (await cluster.get("SecretStore", "store"))["metadata"]["finalizers"] == [FINALIZER]
        none = {**spec, "deletionPolicy": "None"}
        await apply(cluster.api, PUSH_SECRETS, {"metadata": metadata, "spec": none})
        await cluster.eventually("SecretStore", "store", lambda it: it is None)


@pytest.mark.server
async def test_other_finalizers_of_a_store_are_not_touched(cluster):
    await cluster.apply(
        "SecretStore", "store", metadata={"finalizers": [FINALIZER, "example.com/wait"]},
        spec={"provider": {"fake": {"data": []}}},
    )  # fmt: skip
    async with cluster.running():
        await cluster.delete("SecretStore", "store")
        await cluster.eventually(
            "SecretStore", "store", lambda it: it["metadata"]["finalizers"] == ["example.com/wait"]
        )
    patch = {"metadata": {"finalizers": None}}
    await cluster.api.patch(SECRET_STORES, "store", cluster.namespace, body=patch)
