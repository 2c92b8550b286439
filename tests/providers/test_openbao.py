"""Where the provider `openBao` differs from `vault`, against a real OpenBao."""

import pytest

from secretcore.errors import AccessDenied, InvalidSpec, Malformed, SecretNotFound
from secretcore.plan import Find, RemoteRef
from tests.providers.vaults import ONCE, bao_store, content, creds, fresh, get, mounted, opened, reader, root
from tests.support.faults import FaultProxy

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def mount(openbao):
    path = mounted(openbao)
    openbao.put_kv(path, "app", {"v": "read", "o": {"p": 1}})
    openbao.put_kv(path, f"{path}/app", {"v": "inner"})
    openbao.put_kv(path, "data/app", {"v": "data"})
    return path


async def test_a_key_is_always_below_the_mount(openbao, mount):
    provider = bao_store(openbao, path=mount)
    assert (await content(provider, root(openbao), "app"))["v"] == "read"
    assert await content(provider, root(openbao), f"{mount}/app") == {"v": "inner"}
    assert await content(provider, root(openbao), "data/app") == {"v": "data"}
    async with opened(provider, root(openbao)) as client:
        found = await client.get_all_secrets(Find())
        assert {name: (await client.get_secret(ref)).value("v") for name, ref in found.items()} == {
            "app": b"read", f"{mount}/app": b"inner", "data/app": b"data",
        }  # fmt: skip


async def test_without_a_path_the_mount_is_kv(openbao):
    openbao.enable_mount("kv")
    openbao.put_kv("kv", "app", {"v": "read"})
    assert await content(bao_store(openbao), root(openbao), "app") == {"v": "read"}
    openbao.delete("sys/mounts/kv")


@pytest.mark.parametrize("version", ["", "0", "1"])
async def test_a_version_is_a_number(openbao, mount, version):
    assert (await content(bao_store(openbao, path=mount), root(openbao), "app", version=version))["v"] == "read"


@pytest.mark.parametrize("version", ["latest", "1.0", " 1", "v1"])
async def test_a_version_that_is_no_number_is_not_asked_for(openbao, mount, version, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    with pytest.raises(InvalidSpec, match="is not a number"):
        await get(bao_store(proxy, path=mount), root(openbao), "app", version=version)
    assert not proxy.requests


async def test_version_1_keeps_no_versions(openbao):
    with pytest.raises(InvalidSpec, match="KV version 1 keeps no versions"):
        await get(bao_store(openbao, path="x", version="v1"), root(openbao), "app", version="1")


@pytest.mark.parametrize("version", [1, 2])
async def test_the_store_is_checked_by_what_is_mounted(openbao, version):
    path = mounted(openbao, version)
    token = creds(token=openbao.create_token(reader(openbao, path)))
    async with opened(bao_store(openbao, path=path, version=f"v{version}"), token) as client:
        assert (await client.validate()).known
    async with opened(bao_store(openbao, path=path, version=f"v{3 - version}"), token) as client:
        with pytest.raises(Malformed, match=f'mounted at "{path}" is not KV version {3 - version}') as raised:
            await client.validate()
        assert "version (v1 or v2)" in raised.value.remedy


async def test_a_mount_that_is_no_kv_or_not_there_is_said(openbao):
    transit = fresh("transit")
    openbao.enable_mount(transit, "transit")
    async with opened(bao_store(openbao, path=transit), root(openbao)) as client:
        with pytest.raises(Malformed, match="is not a KV engine"):
            await client.validate()
    async with opened(bao_store(openbao, path="nowhere"), root(openbao)) as client:
        with pytest.raises(AccessDenied, match='engine mounted at "nowhere"'):
            await client.validate()


LOGIN = {"name": "login", "key": "secret"}


@pytest.mark.parametrize("method", ["appRole", "appRole by reference", "userPass"])
async def test_a_login_reads_and_its_token_is_revoked(openbao, mount, method, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    path = fresh("auth")
    policies = {"token_policies": [reader(openbao, mount)]}
    if method == "userPass":
        openbao.enable_auth(path, "userpass")
        openbao.write(f"auth/{path}/users/bob", {"password": "pw", **policies})
        auth, credentials = {"userPass": {"path": path, "username": "bob", "secretRef": LOGIN}}, creds(secret="pw")
    else:
        openbao.enable_auth(path, "approle")
        openbao.write(f"auth/{path}/role/app", policies)
        role_id = openbao.read(f"auth/{path}/role/app/role-id")["data"]["role_id"]
        secret = openbao.write(f"auth/{path}/role/app/secret-id", {})["data"]["secret_id"]
        role = {"roleId": role_id} if method == "appRole" else {"roleRef": {"name": "login", "key": "role"}}
        auth = {"appRole": {"path": path, **role, "secretRef": LOGIN}}
        credentials = creds(secret=secret, role=role_id)
    assert (await content(bao_store(proxy, path=mount, auth=auth), credentials, "app"))["v"] == "read"
    assert [request.path.split("/")[-1] for request in proxy.requests][1:] == ["app", "revoke-self"]
    with pytest.raises(RuntimeError, match="403"):
        openbao.read("auth/token/lookup-self", token=proxy.requests[1].headers.get("x-vault-token"))


async def test_namespaces_of_login_and_of_secrets_may_differ(openbao, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    space, path = fresh("space"), fresh("kv")
    openbao.write(f"sys/namespaces/{space}", {})
    openbao.enable_mount(path, namespace=space)
    openbao.put_kv(path, "app", {"v": "in a space"}, namespace=space)
    openbao.enable_auth(space, "userpass")
    policy = fresh("policy")
    openbao.policy(policy, f'path "{space}/{path}/*" {{ capabilities = ["read"] }}')
    openbao.write(f"auth/{space}/users/bob", {"password": "pw", "token_policies": [policy]})
    auth = {"namespace": "", "userPass": {"path": space, "username": "bob", "secretRef": LOGIN}}
    provider = bao_store(proxy, path=path, namespace=space, auth=auth)
    assert await content(provider, creds(secret="pw"), "app") == {"v": "in a space"}
    assert [request.headers.get("x-vault-namespace") for request in proxy.requests] == ["", space, ""]


async def test_properties_are_keys_or_paths_and_missing_secrets_are_missing(openbao, mount):
    provider = bao_store(openbao, path=mount)
    async with opened(provider, root(openbao), ONCE) as client:
        assert (await client.get_secret(RemoteRef("app"))).value("o.p") == b"1"
        with pytest.raises(SecretNotFound):
            await client.get_secret(RemoteRef("none"))
