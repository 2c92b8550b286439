"""Reads of a real OpenBao by a controller at work: who logs in how often, and what is read anew."""

import base64

import pytest

from tests.controller.cluster import KINDS
from tests.controller.echo import BACKENDS, Backend
from tests.providers.rooms import Room
from tests.support.faults import FaultProxy

pytestmark = pytest.mark.server

FORCE = "external-secrets.io/force-sync"
DATA = [{"secretKey": "password", "remoteRef": {"key": "app", "property": "v"}}]


class Bao:
    """A room of OpenBao, and the way to it, which remembers what was asked."""

    def __init__(self, openbao):
        self.room = Room(openbao)
        self.proxy = FaultProxy(openbao.url)
        self.path, self.role_id, self.secret_id = self.room.app_role()

    async def store(self, cluster, kind="SecretStore", name="store", **spec):
        auth = {"path": self.path, "roleId": self.role_id, "secretRef": {"name": "login", "key": "secret-id"}}
        provider = {"server": self.proxy.url, "path": self.room.mount, "auth": {"appRole": auth}}
        await cluster.apply(kind, name, spec={"provider": {"vault": provider}, **spec})

    async def credentials(self, cluster, secret_id=None):
        encoded = base64.b64encode((secret_id or self.secret_id).encode()).decode()
        await cluster.apply("Secret", "login", data={"secret-id": encoded})

    def put(self, value):
        self.room.bao.put_kv(self.room.mount, "app", {"v": value})

    def count(self, end):
        return sum(request.path.endswith(end) for request in self.proxy.requests)

    @property
    def logins(self):
        return self.count("/login")

    @property
    def reads(self):
        return self.count("/data/app")


@pytest.fixture
def bao(openbao):
    bao = Bao(openbao)
    yield bao
    bao.proxy.stop()


async def forced(cluster, number, name="db"):
    await cluster.external_secret(name, metadata={"annotations": {FORCE: str(number)}}, data=DATA)


async def test_many_external_secrets_share_a_login_and_log_out_in_the_end(cluster, bao):
    await bao.credentials(cluster)
    for number in range(40):
        await cluster.external_secret(f"db{number}", data=DATA)
    await bao.store(cluster, refreshInterval=3600)
    async with cluster.running() as controller:
        for number in range(40):
            await cluster.data(f"db{number}", password="read")
        await cluster.settled()
        assert bao.logins == 2  # one is that of the store's validation
        for call, count in (("Login", 2), ("LookupSelf", 1), ("ReadSecretData", bao.reads)):
            labels = {"provider": "HashiCorp/Vault", "call": call, "status": "success"}
            shown = controller.metrics.registry.get_sample_value("externalsecret_provider_api_calls_count", labels)
            assert shown == count
        assert bao.reads < 10  # all were known before the first began: one, and one more for each ten seconds of this
    assert bao.count("/revoke-self") == 2


async def test_a_forced_sync_reads_anew_whatever_was_just_read(cluster, bao):
    await bao.credentials(cluster)
    await bao.store(cluster)
    async with cluster.running():
        await forced(cluster, 0)
        await cluster.data(password="read")
        for number in range(1, 6):
            bao.put(f"value {number}")
            await forced(cluster, number)
            await cluster.data(password=f"value {number}")
        assert bao.logins == 2


async def test_a_token_that_was_revoked_is_replaced_and_nobody_notices(cluster, bao):
    await bao.credentials(cluster)
    await bao.store(cluster)
    async with cluster.running():
        await forced(cluster, 0)
        await cluster.data(password="read")
        await cluster.condition("True", "SecretSynced")
        bao.room.bao.write(f"sys/leases/revoke-prefix/auth/{bao.path}", {})
        bao.put("new")
        await forced(cluster, 1)
        await cluster.data(password="new")
        await cluster.settled()
        assert (await cluster.condition("True", "SecretSynced"))["status"]["refreshTime"]
    assert "UpdateFailed" not in cluster.reasons()


async def test_a_rotated_credential_is_used_by_the_next_read(cluster, bao):
    await bao.credentials(cluster)
    await bao.store(cluster)
    async with cluster.running() as controller:
        await forced(cluster, 0)
        await cluster.data(password="read")
        old = controller.view.secret(cluster.namespace, "login")["metadata"]["resourceVersion"]
        other = bao.room.bao.write(f"auth/{bao.path}/role/app/secret-id", {})["data"]["secret_id"]
        await bao.credentials(cluster, other)
        await cluster.eventually(
            "Secret",
            "login",
            lambda _: controller.view.secret(cluster.namespace, "login")["metadata"]["resourceVersion"] != old,
        )
        bao.put("new")
        await forced(cluster, 1)
        await cluster.data(password="new")
        await cluster.eventually("Secret", "login", lambda _: bao.count("/revoke-self") >= 2)
    sent = [request.body.decode() for request in bao.proxy.requests if request.path.endswith("/login")]
    assert other in sent[-1]
    assert bao.secret_id in sent[0]


async def test_two_tenants_with_credentials_of_their_own_never_share(cluster, control_plane):
    """One cluster store, whose reference names no namespace."""
    shared, other = cluster.namespace, control_plane.create_namespace(f"{cluster.namespace}-other")
    tenants = {cluster.namespace: "mine", other: "theirs"}
    for namespace, token in tenants.items():
        body = {"metadata": {"name": "login"}, "data": {"token": base64.b64encode(token.encode()).decode()}}
        control_plane.request("POST", f"/api/v1/namespaces/{namespace}/secrets", body)
    await cluster.echo(shared, "ClusterSecretStore", secretRef={"name": "login", "key": "token"})
    try:
        async with cluster.running(namespace=""):
            for number, namespace in enumerate((*tenants, *tenants)):
                cluster.namespace = namespace
                await cluster.external_secret(
                    f"db{number}", secretStoreRef={"name": shared, "kind": "ClusterSecretStore"}
                )
                await cluster.data(f"db{number}", password=tenants[namespace])
    finally:
        cluster.namespace = shared
        await cluster.delete("ClusterSecretStore", shared)
        control_plane.request("DELETE", f"/api/v1/namespaces/{other}")


async def test_an_unchanged_refresh_asks_the_store_and_not_the_api_server(cluster, proxy, proxied):
    backend = BACKENDS.setdefault(cluster.namespace, Backend())
    await cluster.echo(backend=cluster.namespace)
    async with cluster.running(proxied):
        await cluster.external_secret(refreshInterval="1s")
        await cluster.data(password=cluster.namespace)
        await refreshed(cluster, backend)
        proxy.requests.clear()
        await refreshed(cluster, backend, 3)
        asked = {(request.method, request.path) for request in list(proxy.requests) if "watch" not in request.query}
    assert not {path for _, path in asked if "/secrets/db" in path or "/externalsecrets/db" in path}


async def test_a_secret_that_was_changed_is_read_and_repaired_at_the_next_refresh_at_the_latest(cluster):
    backend = BACKENDS.setdefault(cluster.namespace, Backend())
    await cluster.echo(backend=cluster.namespace)
    async with cluster.running():
        await cluster.external_secret(refreshInterval="1s", metadata={"labels": {"app": "db"}})
        await cluster.data(password=cluster.namespace)
        await refreshed(cluster, backend)
        secret = await cluster.get("Secret", "db")
        secret["metadata"]["labels"]["app"] = "other"  # its data are as they were
        await cluster.api.update(KINDS["Secret"], secret, field_manager="test")
        await cluster.eventually("Secret", "db", lambda it: it["metadata"]["labels"]["app"] == "db")


async def refreshed(cluster, backend, times=1):
    """Returns when the backend was read so often again."""
    wanted = len(backend.reads) + times
    await cluster.eventually("ExternalSecret", "db", lambda _: len(backend.reads) >= wanted)
