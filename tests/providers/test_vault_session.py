"""A session at a real OpenBao: whom its requests go to and with what, and what becomes of its token."""

import asyncio

import msgspec
import pytest

from secretcore.errors import AccessDenied, Malformed, SecretNotFound
from secretcore.plan import RemoteRef
from tests.providers.rooms import Room, alive, by_login, header, reads, ref, sent
from tests.providers.vaults import content, creds, fresh, get, mounted, opened, root, store
from tests.support.fault_kinds import Answer, status
from tests.support.faults import FaultProxy

pytestmark = pytest.mark.server


@pytest.fixture
def room(openbao):
    return Room(openbao)


async def test_without_auth_nothing_logs_in_and_no_token_is_sent(openbao, room, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    provider = room.store(None, server=proxy, headers={"X-Vault-Token": openbao.token})
    assert await reads(provider, creds())
    assert await reads(store(proxy, path=room.mount, auth=None, headers={"x-vault-token": openbao.token}), creds())
    with pytest.raises(AccessDenied, match='secret "app"'):
        await get(room.store(None), creds(), "app")
    assert len(proxy.requests) == 2


@pytest.mark.parametrize("kind", ["appRole", "userPass"])
async def test_the_token_of_a_login_is_revoked_at_the_end(openbao, room, kind, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    provider, credentials = by_login(room, kind, proxy)
    async with opened(provider, credentials) as client:
        await client.get_secret(RemoteRef("app"))
        token = header(proxy, "app", "x-vault-token")
        assert alive(openbao, token)
    assert not alive(openbao, token)
    assert proxy.counts[("PUT", "/v1/auth/token/revoke-self")] == 1


async def test_the_token_is_revoked_also_when_reading_failed(openbao, room, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    provider, credentials = by_login(room, "appRole", proxy)
    with pytest.raises(SecretNotFound):
        await get(provider, credentials, "none")
    assert not alive(openbao, header(proxy, "none", "x-vault-token"))


async def test_a_batch_token_ends_by_itself(openbao, room, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    provider, credentials = by_login(room, "userPass", proxy, token_type="batch")
    assert await reads(provider, credentials)
    assert not any("revoke" in request.path for request in proxy.requests)


async def test_a_server_that_will_not_revoke_does_not_spoil_what_was_read(openbao, room, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    proxy.always("revoke-self", status(500))
    provider, credentials = by_login(room, "userPass", proxy)
    assert await reads(provider, credentials)


async def test_a_token_that_ended_is_replaced_by_a_new_login_once(openbao, room, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    provider, credentials = by_login(room, "appRole", proxy)
    async with opened(provider, credentials) as client:
        await client.get_secret(RemoteRef("app"))
        openbao.write("auth/token/revoke-self", {}, token=header(proxy, "app", "x-vault-token"))
        proxy.clear()
        payloads = await asyncio.gather(*(client.get_secret(RemoteRef("app")) for _ in range(8)))
        assert {payload.value("v") for payload in payloads} == {b"read"}
        assert sum(count for (_, path), count in proxy.counts.items() if path.endswith("/login")) == 1


async def test_a_read_that_is_denied_to_a_living_token_is_asked_once(openbao, room, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    provider, credentials = by_login(room, "appRole", proxy)
    closed = mounted(openbao)
    elsewhere = msgspec.structs.replace(provider, path=closed)
    with pytest.raises(AccessDenied, match='secret "app"'):
        await get(elsewhere, credentials, "app")
    assert [request.path.removeprefix("/v1/") for request in proxy.requests[1:]] == [
        f"{closed}/data/app", "auth/token/lookup-self", "auth/token/revoke-self",
    ]  # fmt: skip


@pytest.fixture
def namespaces(openbao):
    """A namespace, and one in it: their full names."""
    outer, inner = fresh("outer"), "inner"
    openbao.write(f"sys/namespaces/{outer}", {})
    openbao.write(f"sys/namespaces/{inner}", {}, namespace=outer)
    return outer, f"{outer}/{inner}"


async def test_a_namespace_is_that_of_login_secrets_and_logout(openbao, namespaces, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    room = Room(openbao, namespaces[0])
    provider, credentials = by_login(room, "appRole", proxy)
    assert await reads(provider, credentials)
    assert not alive(openbao, header(proxy, "/app", "x-vault-token"), namespaces[0])
    assert {sent(request)["x-vault-namespace"] for request in proxy.requests} == {namespaces[0]}
    with pytest.raises(AccessDenied):
        await get(msgspec.structs.replace(provider, namespace=None), credentials, "app")


async def test_the_namespace_of_auth_is_only_that_of_the_login(openbao, namespaces, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    outer, inner = namespaces
    deep = Room(openbao, inner)
    login = Room(openbao, outer)
    openbao.policy(login.policy, f'path "inner/{deep.mount}/*" {{ capabilities = ["read"] }}', namespace=outer)
    path, role_id, secret_id = login.app_role()
    auth = {"namespace": outer, "appRole": {"path": path, "roleId": role_id, "secretRef": ref("secret-id")}}
    assert await reads(deep.store(auth, proxy), creds(secret_id=secret_id))
    assert [sent(request)["x-vault-namespace"] for request in proxy.requests] == [outer, inner, outer]
    assert not alive(openbao, header(proxy, "/app", "x-vault-token"), outer)


async def test_every_request_carries_the_headers_of_the_store(openbao, room, fault_proxies):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    provider, credentials = by_login(room, "appRole", proxy)
    fields = {
        "headers": {"X-Team": "blue", "X-Vault-Request": "false"},
        "read_your_writes": True,
        "forward_inconsistent": True,
    }
    assert await reads(msgspec.structs.replace(provider, **fields), credentials)
    for request in proxy.requests:
        headers = sent(request)
        assert (headers["x-team"], headers["x-vault-request"]) == ("blue", "true")
        assert headers["x-vault-inconsistent"] == "forward-active-node"
        assert len([name for name, _ in request.headers.lines if name.lower() == "x-vault-request"]) == 1


@pytest.mark.parametrize("fields", [{"read_your_writes": True}, {"forward_inconsistent": True}, {}])
async def test_only_both_settings_together_forward_inconsistent_reads(openbao, room, fault_proxies, fields):
    proxy = FaultProxy(openbao.url)
    fault_proxies.append(proxy)
    provider, credentials = by_login(room, "appRole", proxy)
    assert await reads(msgspec.structs.replace(provider, **fields), credentials)
    assert all("x-vault-inconsistent" not in sent(request) for request in proxy.requests)


async def test_reads_ask_for_the_state_that_the_login_made_where_a_store_reads_its_writes(fault_proxies):
    proxy = FaultProxy()
    fault_proxies.append(proxy)
    granted = Answer(200, '{"auth": {"client_token": "t", "token_type": "batch"}}', {"X-Vault-Index": "state"})
    proxy.always("login", granted)
    proxy.always("app", Answer(200, '{"data": {"data": {"v": "read"}}}'))
    auth = {"appRole": {"path": "approle", "roleId": "r", "secretRef": ref("secret-id")}}
    for fields, index in (({"readYourWrites": True}, "state"), ({}, None)):
        assert await reads(store(proxy, path="kv", auth=auth, **fields), creds(secret_id="s"))
        assert sent(proxy.requests[-1]).get("x-vault-index") == index


async def test_a_standby_is_followed_once_to_the_active_server(openbao, room, fault_proxies):
    standby = FaultProxy()
    fault_proxies.append(standby)
    target = f"{openbao.url}/v1/{room.mount}/data/app"
    standby.on("app", Answer(307, "", {"Location": target}))
    assert await content(store(standby, path=room.mount), root(openbao), "app") == {"v": "read"}
    standby.on("app", Answer(307, "", {"Location": f"{standby.url}/again"}))
    standby.on("again", Answer(307, "", {"Location": target}))
    with pytest.raises(Malformed, match=r"unexpected answer \(307\)"):
        await get(store(standby, path=room.mount), root(openbao), "app")


NOWHERE = ["", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://[", "https://[", "//[", "https:"]


@pytest.mark.parametrize("location", NOWHERE)
async def test_a_redirect_to_nowhere_is_refused(openbao, fault_proxies, location):
    standby = FaultProxy()
    fault_proxies.append(standby)
    standby.always("app", Answer(307, "", {"Location": location} if location else {}))
    with pytest.raises(Malformed, match="307"):
        await get(store(standby, path="kv"), root(openbao), "app")


async def test_a_redirect_without_tls_to_another_host_is_not_followed(openbao, fault_proxies):
    standby, other = FaultProxy(), FaultProxy()
    fault_proxies += [standby, other]
    standby.always("app", Answer(307, "", {"Location": other.url.replace("127.0.0.1", "localhost")}))
    with pytest.raises(Malformed, match="where the token must not go"):
        await get(store(standby, path="kv"), root(openbao), "app")
    assert not other.requests


async def test_a_usable_token_validates_the_store(openbao, room):
    provider, credentials = by_login(room, "appRole")
    async with opened(provider, credentials) as client:
        assert (await client.validate()).known
