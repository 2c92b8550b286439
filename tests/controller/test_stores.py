"""Stores: who may use them, with what they log in, and what their state means for their users; on a real API server."""

import asyncio
import base64
import json
from datetime import timedelta

import pytest

from kubecore.resources import NAMESPACES
from tests.controller.cluster import TOO_LONG, condition_of, decoded
from tests.controller.echo import BACKENDS, Backend
from tests.controller.onlooker import Watched
from tests.support.fault_kinds import status
from tests.support.faults import FaultProxy

pytestmark = pytest.mark.server


FAKE_IS_UNMAINTAINED = "isn't currently maintained. Please plan and prepare accordingly."


@pytest.fixture
def backend(cluster):
    """The backend of the stores that name it."""
    return BACKENDS.setdefault(cluster.namespace, Backend())


async def test_a_valid_store_says_so(cluster):
    await cluster.fake()
    async with cluster.running():
        store = await cluster.condition("True", "Valid", "store", "SecretStore")
    assert store["status"]["capabilities"] == "ReadOnly"
    assert condition_of(store)["message"] == "store validated"
    assert cluster.told == [
        ("store", "Normal", "Valid", "store validated"),
        ("store", "Warning", "StoreUnmaintained", f"store {FAKE_IS_UNMAINTAINED}"),
    ]


async def test_that_nobody_maintains_a_provider_is_told_once_and_not_to_whom_knows_it(cluster):
    knows = {"annotations": {"external-secrets.io/ignore-maintenance-checks": "true"}}
    await cluster.apply("SecretStore", "known", metadata=knows, spec={"provider": {"fake": {"data": []}}})
    await cluster.fake()
    async with cluster.running():
        await cluster.condition("True", "Valid", "store", "SecretStore")
        await cluster.condition("True", "Valid", "known", "SecretStore")
        await cluster.apply(
            "SecretStore", "store", metadata={"labels": {"a": "1"}}, spec={"provider": {"fake": {"data": []}}}
        )
        await cluster.settled()
        assert cluster.reasons("store").count("StoreUnmaintained") == 1
        await cluster.fake(db="changed")
        await cluster.settled()
        assert cluster.reasons("store").count("StoreUnmaintained") == 2
    assert cluster.reasons("known") == ["Valid"]


@pytest.mark.parametrize(
    ("provider", "status", "reason", "message"),
    [
        ({"fake": {"data": [], "validationResult": 1}}, "True", "ValidationUnknown", "could not determine"),
        ({"fake": {"data": [], "validationResult": 2}}, "False", "InvalidProviderConfig", "unable to validate store: "),
        ({"nosuch": {}}, "False", "InvalidProviderConfig", 'no provider "nosuch" is installed'),
        ({"fake": {"data": [{"key": "", "value": "v"}]}}, "False", "InvalidProviderConfig", "data[0].key: must not be empty"),
        ({"echo": {"secretRef": {"name": "gone", "key": "k"}}}, "False", "InvalidProviderConfig", "it does not exist"),
        ({"echo": {"secretRef": {"name": "gone"}}}, "False", "InvalidProviderConfig", "lacks key"),
        ({"echo": {"secretRef": {"name": "a", "key": "k", "namespace": "other"}}}, "False", "InvalidProviderConfig",
         "spec.provider.echo.secretRef.namespace: namespace should either be empty or match"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_store_is_named(cluster, provider, status, reason, message):
    await cluster.apply("SecretStore", "store", spec={"provider": provider})
    async with cluster.running():
        await cluster.condition(status, reason, "store", "SecretStore", message)
        await cluster.settled()
    ((_, kind, told, _), *_) = cluster.told
    assert (kind, told) == ("Warning", reason)


async def test_the_users_of_a_broken_store_say_so_and_recover_at_once(cluster, backend):
    backend.down = True
    await cluster.echo(backend=cluster.namespace)
    async with cluster.running():
        for number in range(5):
            await cluster.external_secret(f"db{number}")
        for number in range(5):
            await cluster.condition("False", "SecretSyncedError", f"db{number}", message="is not ready")
        assert backend.reads == []  # there is one probe, the store's own
        backend.down = False
        await cluster.echo(backend=cluster.namespace, rest={"refreshInterval": 60})
        for number in range(5):
            await cluster.data(f"db{number}", password=cluster.namespace)


async def test_a_backend_that_stops_answering_is_noticed_and_not_asked_by_everyone(cluster, backend):
    await cluster.echo(backend=cluster.namespace)
    async with cluster.running():
        await cluster.external_secret()
        await cluster.data(password=cluster.namespace)
        backend.down = True
        await cluster.external_secret(metadata={"annotations": {"again": "1"}})
        await cluster.warned("the backend does not answer")
        await cluster.condition("False", "InvalidProviderConfig", "store", "SecretStore")
        before = len(backend.reads)
        for number in range(5):
            await cluster.external_secret(f"late{number}")
            await cluster.condition("False", "SecretSyncedError", f"late{number}", message="is not ready")
        assert len(backend.reads) == before


async def test_a_backend_that_asks_for_a_pause_is_not_validated_before_it_is_over(cluster, fault_proxies):
    proxy = FaultProxy()
    fault_proxies.append(proxy)
    proxy.always("/", status(429, retry_after="300"))
    await cluster.apply("SecretStore", "store", spec={"provider": {"express": {"host": proxy.url}}})
    async with cluster.running() as controller:
        await cluster.condition("False", "InvalidProviderConfig", "store", "SecretStore", "asked to slow down")
        await cluster.settled()
        assert controller.stores.queue.wait(asyncio.get_running_loop().time()) > 200
    assert len(proxy.requests) == 1


async def test_a_store_that_nothing_asks_to_validate_again_rests(cluster, backend):
    await cluster.echo(backend=cluster.namespace)
    async with cluster.running(store_requeue_interval=timedelta(0)) as controller:
        await cluster.condition("True", "Valid", "store", "SecretStore")
        await cluster.settled()
        assert controller.stores.queue.wait(asyncio.get_running_loop().time()) is None
    assert backend.validations == 1


async def test_a_store_that_comes_late_serves_who_waits(cluster):
    async with cluster.running():
        await cluster.external_secret()
        await cluster.condition("False", "SecretSyncedError", message='could not get SecretStore "store"')
        await cluster.fake(db="one")
        await cluster.data(password="one")


async def test_a_store_without_the_flood_gate_is_tried_as_it_is(cluster, backend):
    await cluster.echo(backend=cluster.namespace)
    async with cluster.running(enable_flood_gate=False, enable_secret_store_reconciler=False):
        await cluster.external_secret()
        await cluster.data(password=cluster.namespace)
        assert condition_of(await cluster.get("SecretStore", "store")) == {}


async def test_the_users_of_stores_that_are_validated_elsewhere_say_that_theirs_is_not_ready(cluster):
    await cluster.fake(db="one")
    async with cluster.running(enable_secret_store_reconciler=False):
        await cluster.external_secret()
        await cluster.condition("False", "SecretSyncedError", message='SecretStore "store" is not ready')


async def test_a_credential_secret_that_appears_or_changes_is_used_at_once(cluster):
    await cluster.echo(secretRef={"name": "login", "key": "token"})
    async with cluster.running():
        await cluster.external_secret()
        await cluster.condition("False", "InvalidProviderConfig", "store", "SecretStore", "it does not exist")
        await cluster.apply("Secret", "login", data={"other": "eA=="})
        await cluster.condition("False", "InvalidProviderConfig", "store", "SecretStore", 'has no key "token"')
        await cluster.apply("Secret", "login", data={"token": base64.b64encode(b"wrong").decode()})
        await cluster.condition("False", "InvalidProviderConfig", "store", "SecretStore", "does not know these")
        await cluster.apply("Secret", "login", data={"token": base64.b64encode(b"right").decode()})
        await cluster.data(password="right")


async def test_credentials_come_from_config_maps_too(cluster):
    await cluster.apply("ConfigMap", "login", data={"token": "text"}, binaryData={"binary": "Ynl0ZXM="})
    await cluster.echo("text", configMapRef={"name": "login", "key": "token"})
    await cluster.echo("binary", configMapRef={"name": "login", "key": "binary"})
    async with cluster.running():
        await cluster.external_secret("a", store="text")
        await cluster.external_secret("b", store="binary")
        await cluster.data("a", password="text")
        await cluster.data("b", password="bytes")


async def test_a_token_is_that_of_the_service_account_for_its_audiences(cluster, api):
    await cluster.echo(serviceAccountRef={"name": "default", "audiences": ["vault.example"]})
    async with cluster.running():
        await cluster.external_secret()
        await cluster.condition("True", "SecretSynced")
        secret = await cluster.get("Secret", "db")
    payload = base64.b64decode(secret["data"]["password"]).decode().split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert claims["aud"] == ["vault.example"]
    assert claims["sub"] == f"system:serviceaccount:{cluster.namespace}:default"


async def test_a_store_of_another_class_is_none_of_our_business(cluster):
    await cluster.echo(rest={"controller": "other"})
    async with cluster.running():
        await cluster.external_secret()
        await cluster.settled()
        assert "status" not in await cluster.get("SecretStore", "store")
        assert "status" not in await cluster.get("ExternalSecret", "db")
    async with cluster.running(controller_class="other"):
        await cluster.data(password="store")


# ClusterSecretStores


@pytest.fixture
async def shared(cluster):
    """The name of a ClusterSecretStore, which is deleted afterwards."""
    yield cluster.namespace
    await cluster.delete("ClusterSecretStore", cluster.namespace)


def of(shared):
    return {"secretStoreRef": {"name": shared, "kind": "ClusterSecretStore"}}


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"namespaces": ["{namespace}"]}, True),
        ({"namespaces": ["another"]}, False),
        ({"namespaceRegexes": ["^{namespace}$"]}, True),
        ({"namespaceRegexes": ["^another"]}, False),
        ({"namespaceSelector": {"matchLabels": {"team": "a"}}}, True),
        ({"namespaceSelector": {"matchLabels": {"team": "b"}}}, False),
        ({"namespaceSelector": {"matchLabels": {"team": "b"}}, "namespaces": ["{namespace}"]}, True),
    ],
)
async def test_conditions_say_which_namespaces_may_use_a_cluster_store(cluster, api, shared, condition, allowed):
    await api.patch(NAMESPACES, cluster.namespace, body={"metadata": {"labels": {"team": "a"}}})
    condition = json.loads(json.dumps(condition).replace("{namespace}", cluster.namespace))
    await cluster.echo(shared, "ClusterSecretStore", rest={"conditions": [condition]})
    async with cluster.running():
        await cluster.external_secret(**of(shared))
        if allowed:
            await cluster.data(password=shared)
        else:
            await cluster.condition("False", "SecretSyncedError", message="denied by spec.condition")


async def test_a_namespace_that_a_condition_names_is_not_read(cluster, proxied, proxy, shared):
    by_name, by_label = {"namespaces": [cluster.namespace]}, {"namespaceSelector": {"matchLabels": {"team": "b"}}}
    await cluster.echo(shared, "ClusterSecretStore", rest={"conditions": [by_label, by_name]})
    async with cluster.running(proxied):
        await cluster.external_secret(**of(shared))
        await cluster.data(password=shared)
    assert ("GET", f"/api/v1/namespaces/{cluster.namespace}") not in proxy.counts


async def test_a_namespace_is_judged_by_the_labels_that_it_has_now(cluster, api, shared):
    await cluster.echo(
        shared, "ClusterSecretStore", rest={"conditions": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]}
    )
    async with cluster.running():
        await cluster.external_secret(**of(shared))
        await cluster.condition("False", "SecretSyncedError", message="denied by spec.condition")
        await api.patch(NAMESPACES, cluster.namespace, body={"metadata": {"labels": {"team": "a"}}})
        await cluster.external_secret(**of(shared), metadata={"annotations": {"again": "1"}})
        await cluster.data(password=shared)


async def test_a_cluster_store_without_a_namespace_in_its_reference_uses_its_users_credentials(cluster, shared):
    await cluster.apply("Secret", "login", data={"token": base64.b64encode(b"mine").decode()})
    await cluster.echo(shared, "ClusterSecretStore", secretRef={"name": "login", "key": "token"})
    async with cluster.running():
        await cluster.condition("True", "Valid", shared, "ClusterSecretStore")
        await cluster.external_secret(**of(shared))
        await cluster.data(password="mine")


async def test_a_cluster_store_reads_the_namespace_that_its_reference_names(cluster, control_plane, shared):
    other = control_plane.create_namespace(f"{cluster.namespace}-other")
    body = {"metadata": {"name": "login"}, "data": {"token": base64.b64encode(b"theirs").decode()}}
    control_plane.request("POST", f"/api/v1/namespaces/{other}/secrets", body)
    await cluster.echo(shared, "ClusterSecretStore", secretRef={"name": "login", "key": "token", "namespace": other})
    async with cluster.running():
        await cluster.external_secret(**of(shared))
        await cluster.data(password="theirs")
    control_plane.request("DELETE", f"/api/v1/namespaces/{other}")


async def test_without_the_cluster_store_reconciler_cluster_stores_are_not_served(cluster, shared):
    await cluster.echo(shared, "ClusterSecretStore")
    async with cluster.running(enable_cluster_store_reconciler=False):
        await cluster.external_secret(**of(shared))
        await cluster.settled()
        assert "status" not in await cluster.get("ExternalSecret", "db")
        assert "status" not in await cluster.get("ClusterSecretStore", shared)


async def test_a_store_that_hangs_holds_up_nobody_but_its_own_users(cluster, backend):
    backend.stalled.clear()
    await cluster.echo("slow", backend=cluster.namespace)
    await cluster.fake(db="one")
    async with cluster.running(concurrent=2):
        for number in range(6):
            await cluster.external_secret(f"slow{number}", store="slow")
        await cluster.external_secret("quick")
        await cluster.data("quick", password="one")
        assert await cluster.get("Secret", "slow0") is None
        backend.stalled.set()
        for number in range(6):
            await cluster.data(f"slow{number}", password=cluster.namespace)
    assert len(backend.reads) <= 6  # none is begun twice


async def under_way(backend, reads):
    async with asyncio.timeout(TOO_LONG):
        while len(backend.reads) < reads:  # noqa: ASYNC110 - a list tells nobody
            await asyncio.sleep(0.02)


async def test_a_store_that_is_deleted_while_it_is_read_leaves_the_last_good_secret(cluster, backend):
    await cluster.echo(backend=cluster.namespace)
    async with cluster.running():
        await cluster.external_secret()
        await cluster.data(password=cluster.namespace)
        backend.stalled.clear()
        await cluster.external_secret(metadata={"annotations": {"external-secrets.io/force-sync": "1"}})
        await under_way(backend, 2)
        await cluster.delete("SecretStore", "store")
        backend.down = True
        backend.stalled.set()
        await cluster.condition("False", "SecretSyncedError")
        assert decoded(await cluster.get("Secret", "db")) == {"password": cluster.namespace}
        backend.down = False
        await cluster.fake(db="another")
        await cluster.data(password="another")
        await cluster.condition("True", "SecretSynced")


async def test_what_a_store_answers_that_was_replaced_meanwhile_is_not_used(cluster, backend):
    backend.stalled.clear()
    await cluster.echo(backend=cluster.namespace)
    async with Watched(cluster) as seen, cluster.running():
        await cluster.external_secret()
        await under_way(backend, 1)
        await cluster.delete("SecretStore", "store")
        await cluster.fake(db="another")
        await cluster.condition("True", "Valid", "store", "SecretStore")
        backend.stalled.set()
        await cluster.data(password="another")
        await cluster.settled()
    assert [data for data, _ in seen] == [{"password": "another"}]


async def test_what_was_read_with_a_credential_that_changed_meanwhile_is_not_used(cluster, backend):
    def login(token):
        return cluster.apply("Secret", "login", data={"token": base64.b64encode(token).decode()})

    backend.stalled.clear()
    await login(b"old")
    await cluster.echo(backend=cluster.namespace, secretRef={"name": "login", "key": "token"})
    async with Watched(cluster) as seen, cluster.running() as controller:
        await cluster.external_secret()
        await under_way(backend, 1)
        version = (await login(b"new"))["metadata"]["resourceVersion"]
        async with asyncio.timeout(TOO_LONG):
            while controller.view.secret(cluster.namespace, "login")["metadata"]["resourceVersion"] != version:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        backend.stalled.set()
        await cluster.data(password="new")
        await cluster.settled()
    assert [data for data, _ in seen] == [{"password": "new"}]


async def test_what_one_store_answers_never_reaches_the_user_of_another(cluster):
    for number in range(8):
        await cluster.echo(f"store{number}", backend=f"backend{number}")
    async with cluster.running(concurrent=64):
        for number in range(64):
            await cluster.external_secret(f"db{number}", store=f"store{number % 8}")
        for number in range(64):
            await cluster.data(f"db{number}", password=f"backend{number % 8}")
            await cluster.condition("True", "SecretSynced", f"db{number}")


async def test_a_provider_that_breaks_hurts_only_its_own_users(cluster):
    await cluster.echo("planted", backend="planted")
    BACKENDS.setdefault("planted", Backend()).reads = None  # the provider itself breaks
    await cluster.fake(db="one")
    async with cluster.running(concurrent=1):
        await cluster.external_secret("broken", store="planted")
        await cluster.external_secret("good")
        await cluster.data("good", password="one")
        await cluster.condition(
            "False", "SecretSyncedError", "broken", message="the provider failed with AttributeError"
        )


async def test_a_store_for_the_identity_of_pods_is_not_read_for_an_external_secret_of_theirs(cluster, backend):
    await cluster.echo(
        backend=cluster.namespace, metadata={"annotations": {"injector.external-secrets.io/identity": "pod"}}
    )
    async with cluster.running():
        await cluster.external_secret(target={"creationPolicy": "None"})
        await cluster.condition("True", "SecretSynced", message="pods read it")
        await cluster.settled()
        assert backend.reads == []
