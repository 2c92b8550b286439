"""Real backends under a running controller: how it logs in, and what happens when it may no longer."""

import base64
import json

import pytest

from tests.controller.cluster import decoded
from tests.providers.rooms import Room
from tests.providers.vaults import fresh
from tests.support.controlplane import ISSUER
from tests.support.faults import FaultProxy

pytestmark = pytest.mark.server


@pytest.fixture
def room(openbao):
    """An engine of OpenBao with secret `app`, `{"v": "read"}`, and a policy that may read it."""
    return Room(openbao)


def openbao_store(room, **auth):
    return {"provider": {"openBao": {"server": room.bao.url, "path": room.mount, "auth": auth}}}


async def login(cluster, **values):
    data = {key.replace("_", "-"): base64.b64encode(value.encode()).decode() for key, value in values.items()}
    await cluster.apply("Secret", "login", data=data)


def ref(key):
    return {"name": "login", "key": key}


async def app(cluster, mark="0", name="db"):
    """An ExternalSecret that reads secret `app`; another mark has it synced anew."""
    await cluster.external_secret(
        name,
        metadata={"annotations": {"external-secrets.io/force-sync": mark}},
        data=[{"secretKey": "v", "remoteRef": {"key": "app", "property": "v"}}],
    )


def end_sessions(room, path):
    """Revokes the tokens that logging in there has brought."""
    room.bao.write(f"sys/leases/revoke-prefix/auth/{path}/login", {})


async def _by_token(cluster, room):
    token = room.bao.create_token(room.policy)
    await login(cluster, token=token)
    await cluster.apply("SecretStore", "store", spec=openbao_store(room, tokenSecretRef=ref("token")))
    return lambda: room.bao.write("auth/token/revoke", {"token": token})


async def _by_app_role(cluster, room):
    path, role_id, secret_id = room.app_role()
    await login(cluster, role_id=role_id, secret_id=secret_id)
    auth = {"appRole": {"path": path, "roleRef": ref("role-id"), "secretRef": ref("secret-id")}}
    await cluster.apply("SecretStore", "store", spec=openbao_store(room, **auth))

    def revoke():
        room.bao.write(f"auth/{path}/role/app/secret-id/destroy", {"secret_id": secret_id})
        end_sessions(room, path)

    return revoke


@pytest.mark.parametrize("log_in", [_by_token, _by_app_role])
async def test_credentials_that_are_revoked_are_told_of_and_new_ones_heal_it_at_once(cluster, room, log_in):
    async with cluster.running():
        revoke = await log_in(cluster, room)
        await app(cluster)
        await cluster.data(v="read")
        revoke()
        room.bao.put_kv(room.mount, "app", {"v": "new"})
        await app(cluster, "1")
        await cluster.condition("False", "SecretSyncedError")
        await cluster.condition("False", "InvalidProviderConfig", "store", "SecretStore", " | check the ")
        assert decoded(await cluster.get("Secret", "db")) == {"v": "read"}
        await cluster.warned("spec.data[0]: ")
        await cluster.warned(" | check the ")
        await log_in(cluster, room)
        await cluster.data(v="new")
        await cluster.condition("True", "SecretSynced")


async def test_credentials_that_are_revoked_are_tried_by_the_store_alone_and_not_by_each_of_its_users(
    cluster, room, fault_proxies
):
    proxy = FaultProxy(room.bao.url)
    fault_proxies.append(proxy)
    path, role_id, secret_id = room.app_role()
    await login(cluster, secret_id=secret_id)
    spec = openbao_store(room, appRole={"path": path, "roleId": role_id, "secretRef": ref("secret-id")})
    spec["provider"]["openBao"]["server"] = proxy.url
    names = [f"db{number}" for number in range(8)]
    async with cluster.running():
        await cluster.apply("SecretStore", "store", spec=spec)
        for name in names:
            await app(cluster, name=name)
            await cluster.data(name, v="read")
        room.bao.write(f"auth/{path}/role/app/secret-id/destroy", {"secret_id": secret_id})
        end_sessions(room, path)
        await app(cluster, "1", name=names[0])
        await cluster.condition("False", "InvalidProviderConfig", "store", "SecretStore")
        for mark in ("2", "3"):
            proxy.clear()
            for name in names:
                await app(cluster, mark, name=name)
                await cluster.condition(
                    "False", "SecretSyncedError", name, message="is not ready | see the condition of"
                )
            assert len(proxy.requests) < len(names)  # the store's own, which become rarer


@pytest.fixture
def kubernetes_auth(room, served):
    """OpenBao's Kubernetes auth: it asks the real API server about tokens, with those of a ServiceAccount that may."""
    served.create_service_account("default", "reviewer")
    binding = {
        "metadata": {"name": "reviewer"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:auth-delegator"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "default", "name": "reviewer"}],
    }
    path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    served.request("POST", path, binding)
    config = {
        "kubernetes_host": served.url,
        "kubernetes_ca_cert": served.ca_file.read_text(),
        "token_reviewer_jwt": served.service_account_token("default", "reviewer"),
        "disable_local_ca_jwt": True,
        "issuer": ISSUER,
    }
    mount = fresh("kubernetes")
    room.bao.enable_auth(mount, "kubernetes", config)
    yield mount
    served.request("DELETE", f"{path}/reviewer")


async def test_openbao_by_a_service_account_of_the_cluster(cluster, served, room, kubernetes_auth):
    served.create_service_account(cluster.namespace, "app")
    role = {
        "bound_service_account_names": ["app"],
        "bound_service_account_namespaces": [cluster.namespace],
        "token_policies": [room.policy],
        "audience": "vault",
    }
    room.bao.write(f"auth/{kubernetes_auth}/role/reader", role)
    account = {"name": "app", "audiences": ["vault"]}
    auth = {"kubernetes": {"mountPath": kubernetes_auth, "role": "reader", "serviceAccountRef": account}}
    spec = {"provider": {"vault": {"server": room.bao.url, "path": room.mount, "auth": auth}}}
    async with cluster.running():
        await cluster.apply("SecretStore", "store", spec=spec)
        await app(cluster)
        await cluster.data(v="read")
        await cluster.condition("True", "Valid", "store", "SecretStore")
        # the role is taken away, and given back
        room.bao.delete(f"auth/{kubernetes_auth}/role/reader")
        end_sessions(room, kubernetes_auth)
        await app(cluster, "1")
        await cluster.warned(f"login by auth.kubernetes at auth/{kubernetes_auth}")
        await cluster.condition("False", "InvalidProviderConfig", "store", "SecretStore")
        assert decoded(await cluster.get("Secret", "db")) == {"v": "read"}
        room.bao.write(f"auth/{kubernetes_auth}/role/reader", role)
        await cluster.condition("True", "SecretSynced")


async def test_aws_secrets_manager_by_an_access_key_in_a_secret(cluster, moto, monkeypatch):
    monkeypatch.setenv("AWS_SECRETSMANAGER_ENDPOINT", moto.url)
    value = json.dumps({"user": "app", "password": "one"})
    moto.call("secretsmanager.CreateSecret", {"Name": "shop/db", "SecretString": value})
    await login(cluster, access_key="AKIDEXAMPLE", secret_access_key="example")
    auth = {
        "secretRef": {"accessKeyIDSecretRef": ref("access-key"), "secretAccessKeySecretRef": ref("secret-access-key")}
    }
    provider = {"aws": {"service": "SecretsManager", "region": "eu-central-1", "auth": auth}}
    async with cluster.running():
        await cluster.apply("SecretStore", "store", spec={"provider": provider})
        await cluster.external_secret(
            refreshInterval="1s",
            data=[{"secretKey": "one-of-it", "remoteRef": {"key": "shop/db", "property": "password"}}],
            dataFrom=[{"extract": {"key": "shop/db"}}],
        )
        await cluster.data(**{"one-of-it": "one", "user": "app", "password": "one"})
        await cluster.condition("True", "SecretSynced")
        value = json.dumps({"user": "app", "password": "two"})
        moto.call("secretsmanager.PutSecretValue", {"SecretId": "shop/db", "SecretString": value})
        await cluster.data(**{"one-of-it": "two", "user": "app", "password": "two"})
