"""What becomes of Secrets that others have a hand in, on a real API server."""

import logging

import pytest

from kubecore.cache import Key
from kubecore.resources import SECRETS
from secretcore.target.hashing import field_manager
from tests.controller.cluster import decoded
from tests.controller.echo import BACKENDS

pytestmark = pytest.mark.server

FINALIZER = "externalsecrets.external-secrets.io/externalsecret-cleanup"


async def test_an_edited_secret_is_repaired_at_once(cluster):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret()
        secret = await cluster.data(password="one")
        secret["data"] = {"password": "ZWRpdGVk", "more": "bQ=="}
        await cluster.api.update(SECRETS, secret, field_manager="kubectl-edit")
        await cluster.data(password="one")
        await cluster.settled()
        assert cluster.reasons() == ["Created", "Updated"]


async def test_a_managed_label_that_was_taken_off_comes_back(cluster):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret()
        secret = await cluster.data(password="one")
        del secret["metadata"]["labels"]["reconcile.external-secrets.io/managed"]
        await cluster.api.update(SECRETS, secret, field_manager="kubectl-edit")
        await cluster.eventually(
            "Secret", "db", lambda it: "reconcile.external-secrets.io/managed" in it["metadata"].get("labels", {})
        )


async def test_a_merge_lets_foreign_keys_be_and_takes_back_its_own(cluster):
    await cluster.fake(db="one")
    await cluster.apply("Secret", "db", data={"foreign": "Zg=="})
    async with cluster.running():
        await cluster.external_secret(target={"creationPolicy": "Merge"})
        await cluster.data(password="one", foreign="f")
        entry = {"secretKey": "other", "remoteRef": {"key": "db"}}
        await cluster.external_secret(target={"creationPolicy": "Merge"}, data=[entry])
        await cluster.data(other="one", foreign="f")


async def test_a_merge_waits_for_its_secret_and_joins_in_when_it_appears(cluster):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret(target={"creationPolicy": "Merge"})
        await cluster.condition("True", "SecretMissing")
        await cluster.apply("Secret", "db", data={"foreign": "Zg=="})
        await cluster.data(password="one", foreign="f")
        await cluster.condition("True", "SecretSynced")


async def test_an_owner_adopts_a_secret_that_nobody_controls(cluster):
    await cluster.fake(db="one")
    await cluster.apply("Secret", "db", data={"foreign": "Zg=="})
    async with cluster.running():
        await cluster.external_secret()
        secret = await cluster.data(password="one")
    assert secret["metadata"]["ownerReferences"][0]["name"] == "db"


@pytest.mark.parametrize("creation", ["Owner", "Orphan", "Merge", "CreateOrMerge"])
async def test_a_secret_of_another_external_secret_is_left_alone(cluster, creation):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret("first", target={"name": "shared"})
        secret = await cluster.data("shared", password="one")
        await cluster.external_secret("second", target={"name": "shared", "creationPolicy": creation})
        await cluster.condition(
            "False", "SecretSyncedError", "second", message="target is owned by another ExternalSecret"
        )
        await cluster.settled()
        assert (await cluster.get("Secret", "shared"))["metadata"]["resourceVersion"] == (
            secret["metadata"]["resourceVersion"]
        )
    assert cluster.reasons("second") == ["UpdateFailed"]


async def test_a_secret_that_something_else_controls_is_not_owned(cluster):
    await cluster.fake(db="one")
    app = await cluster.apply("ConfigMap", "app")
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "app", "uid": app["metadata"]["uid"], "controller": True}
    await cluster.apply("Secret", "db", metadata={"ownerReferences": [owner]}, data={"a": "Yg=="})
    async with cluster.running():
        await cluster.external_secret()
        await cluster.condition("False", "SecretSyncedError", message="failed to take ownership of target secret")
        assert decoded(await cluster.get("Secret", "db")) == {"a": "b"}


@pytest.mark.parametrize("first", ["old", "db"])  # db is what it is without a name
async def test_secrets_of_earlier_target_names_go_and_copies_stay(cluster, first):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret(target={"name": first})
        secret = await cluster.data(first, password="one")
        await cluster.apply("Secret", "copy", metadata={"labels": secret["metadata"]["labels"]}, data=secret["data"])
        await cluster.external_secret(target={"name": "new"})
        await cluster.data("new", password="one")
        await cluster.eventually("Secret", first, lambda it: it is None)
        assert await cluster.get("Secret", "copy")
        await cluster.condition("True", "SecretSynced")
    assert cluster.reasons() == ["Created", "Created", "Deleted"]


async def test_an_immutable_secret_of_others_is_not_changed_and_the_condition_says_so(cluster):
    await cluster.fake(db="one")
    await cluster.apply("Secret", "db", data={"a": "Yg=="}, immutable=True)
    async with cluster.running():
        await cluster.external_secret()
        await cluster.condition("False", "SecretSyncedError", message="could not update secret, target is immutable")
        assert decoded(await cluster.get("Secret", "db")) == {"a": "b"}


@pytest.mark.parametrize(
    ("deletion", "expected", "reason"),
    [("Retain", {"password": "one"}, None), ("Merge", {}, "SecretSynced"), ("Delete", None, "SecretDeleted")],
)
async def test_the_deletion_policy_decides_what_becomes_of_the_secret_when_the_backend_has_nothing(
    cluster, deletion, expected, reason
):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret(target={"deletionPolicy": deletion}, refreshInterval="1s")
        await cluster.data(password="one")
        await cluster.fake(other="x")
        if deletion == "Retain":
            await cluster.condition("False", "SecretSyncedError", message='spec.data[0]: secret "db" does not exist')
        else:
            await cluster.eventually(
                "Secret", "db", lambda it: (it is None) if expected is None else (it and decoded(it) == expected)
            )
            await cluster.condition("True", reason)
            assert "MissingProviderSecret" in cluster.reasons()
        found = await cluster.get("Secret", "db")
        assert (found and decoded(found)) == expected
        # and it comes back
        await cluster.fake(db="two")
        await cluster.data(password="two")


async def test_a_secret_that_is_being_deleted_is_left_to_go_and_made_anew(cluster):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret()
        await cluster.data(password="one")
        await cluster.api.patch(
            SECRETS, "db", cluster.namespace, body={"metadata": {"finalizers": ["example.com/wait"]}}
        )
        await cluster.settled()
        first = await cluster.get("Secret", "db")
        await cluster.delete("Secret", "db")
        await cluster.fake(db="two")
        await cluster.external_secret(metadata={"annotations": {"external-secrets.io/force-sync": "1"}})
        await cluster.settled()
        assert decoded(await cluster.get("Secret", "db")) == {"password": "one"}
        await cluster.api.patch(SECRETS, "db", cluster.namespace, body={"metadata": {"finalizers": None}})
        secret = await cluster.data(password="two")
        assert secret["metadata"]["uid"] != first["metadata"]["uid"]


@pytest.mark.parametrize(("creation", "deletion", "kept"), [("Orphan", "Retain", True), ("Owner", "Delete", False)])
async def test_esos_finalizer_is_released_when_the_external_secret_goes(cluster, creation, deletion, kept):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret(
            metadata={"finalizers": [FINALIZER]}, target={"creationPolicy": creation, "deletionPolicy": deletion}
        )
        await cluster.data(password="one")
        await cluster.delete("ExternalSecret", "db")
        await cluster.eventually("ExternalSecret", "db", lambda it: it is None)
        assert (await cluster.get("Secret", "db") is not None) is kept


async def test_a_secret_that_eso_left_is_not_rewritten(cluster):
    """The same fields, labels, annotations and owner, written by the same manager."""
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret(metadata={"labels": {"app": "db"}})
        before = await cluster.data(password="one")
    # As ESO, which adds its finalizer and writes refreshTime as it likes.
    await cluster.external_secret(
        metadata={"labels": {"app": "db"}, "finalizers": [FINALIZER], "annotations": {"a": "b"}}
    )
    before["metadata"]["annotations"]["a"] = "b"
    left = await cluster.api.update(SECRETS, before, field_manager=field_manager("db"))
    async with cluster.running():
        await cluster.settled()
        after = await cluster.get("Secret", "db")
    assert after["metadata"]["resourceVersion"] == left["metadata"]["resourceVersion"]


async def test_a_restart_reads_no_store_and_writes_nothing(cluster):
    await cluster.echo(backend=cluster.namespace)
    async with cluster.running():
        await cluster.external_secret()
        await cluster.condition("True", "SecretSynced")
        await cluster.settled()
    before = await cluster.get("ExternalSecret", "db"), await cluster.get("Secret", "db")
    reads = len(BACKENDS[cluster.namespace].reads)
    async with cluster.running():
        await cluster.controller.view.whole()
        await cluster.settled()
    assert (await cluster.get("ExternalSecret", "db"), await cluster.get("Secret", "db")) == before
    assert len(BACKENDS[cluster.namespace].reads) == reads


async def test_what_the_api_server_refuses_is_told_and_the_last_good_secret_stays(cluster):
    await cluster.fake(db="one", big="x" * 900_000)
    entries = [{"secretKey": f"k{i}", "remoteRef": {"key": "big"}} for i in range(2)]
    async with cluster.running():
        await cluster.external_secret()
        await cluster.data(password="one")
        await cluster.external_secret(data=entries)
        await cluster.condition("False", "SecretSyncedError", message="could not update secret: update secrets ")
        assert decoded(await cluster.get("Secret", "db")) == {"password": "one"}
        assert "UpdateFailed" in cluster.reasons()


async def test_another_kind_of_target_is_refused(cluster):
    await cluster.fake(db="one")
    async with cluster.running():
        await cluster.external_secret(target={"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}})
        await cluster.condition("False", "SecretSyncedError", message="invalid generic target")


@pytest.mark.parametrize("unserved", ["another class", "a kind that is not served"])
async def test_esos_finalizer_is_released_whoever_serves_the_store(cluster, unserved):
    kind = "SecretStore" if unserved == "another class" else "ClusterSecretStore"
    spec = {"controller": "another", "provider": {"fake": {"data": [{"key": "db", "value": "one"}]}}}
    if kind == "SecretStore":
        await cluster.apply(kind, "store", spec=spec)
    async with cluster.running(enable_cluster_store_reconciler=False):
        await cluster.external_secret(
            metadata={"finalizers": [FINALIZER]}, secretStoreRef={"name": "store", "kind": kind}
        )
        await cluster.delete("ExternalSecret", "db")
        await cluster.eventually("ExternalSecret", "db", lambda it: it is None)


async def test_the_end_of_an_external_secret_does_not_ask_for_a_secret_that_stays(cluster, proxy, proxied):
    await cluster.fake(db="one")
    async with cluster.running(proxied):
        await cluster.external_secret(metadata={"finalizers": [FINALIZER]})
        await cluster.data(password="one")
        await cluster.condition("True", "SecretSynced")
        await cluster.settled()
        proxy.clear()
        await cluster.delete("ExternalSecret", "db")
        await cluster.eventually("ExternalSecret", "db", lambda it: it is None)
        assert not [each for each in proxy.requests if each.method == "GET" and each.path.endswith("/secrets/db")]


async def test_a_target_that_is_no_secret_is_logged_and_counted_as_failed(cluster, caplog):
    caplog.set_level(logging.INFO, "controller.reconcile")
    await cluster.fake(db="one")
    async with cluster.running() as controller:
        await cluster.external_secret(target={"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}})
        await cluster.condition("False", "SecretSyncedError", message="invalid generic target")
        numbers = controller.metrics.objects["ExternalSecret"].of(Key(cluster.namespace, "db"))
        assert numbers.calls == numbers.errors >= 1
    lines = [each for each in caplog.records if each.facts["kind"] == "ExternalSecret"]
    assert "spec.target.manifest is not supported" in lines[0].getMessage()
    assert lines[0].facts["reason"] == "SecretSyncedError"
