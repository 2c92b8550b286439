"""Logging in at a real OpenBao by each auth method, and what becomes of the token."""

import asyncio

import httpx
import msgspec
import pytest

from secretcore.errors import AccessDenied, CredentialNotFound, Malformed, SecretError, SecretNotFound
from secretcore.plan import RemoteRef
from secretcore.testing import StaticCredentials
from tests.providers.identities import service_accounts
from tests.providers.vaults import CANARY, content, creds, fresh, get, mounted, opened, reader, root, store
from tests.support.fault_kinds import Answer, status
from tests.support.faults import FaultProxy
from tests.support.openbao import OpenBao

pytestmark = pytest.mark.server


class Room:
    """A mount with one secret and a policy that may read it, in a namespace if one is named."""

    def __init__(self, bao: OpenBao, namespace=""):
        self.bao, self.namespace = bao, namespace
        self.mount = fresh("kv")
        bao.enable_mount(self.mount, namespace=namespace)
        bao.put_kv(self.mount, "app", {"v": "read"}, namespace=namespace)
        self.policy = reader(bao, self.mount, namespace=namespace)

    def app_role(self, **role):
        """An AppRole's mount, id and secret id."""
        path, options = fresh("approle"), {"namespace": self.namespace}
        self.bao.enable_auth(path, "approle", **options)
        self.bao.write(f"auth/{path}/role/app", {"token_policies": [self.policy], **role}, **options)
        role_id = self.bao.read(f"auth/{path}/role/app/role-id", **options)["data"]["role_id"]
        made = self.bao.write(f"auth/{path}/role/app/secret-id", {}, **options)
        return path, role_id, made["data"]["secret_id"]

    def users(self, **user):
        path, options = fresh("userpass"), {"namespace": self.namespace}
        self.bao.enable_auth(path, "userpass", **options)
        self.bao.write(
            f"auth/{path}/users/bob",
            {"password": f"{CANARY} pa ss", "token_policies": [self.policy], **user},
            **options,
        )
        return path

    def store(self, auth, server=None, **fields):
        return store(server or self.bao, path=self.mount, auth=auth, namespace=self.namespace or None, **fields)


@pytest.fixture
def room(openbao):
    return Room(openbao)


def ref(key, **fields):
    return {"name": "login", "key": key, **fields}


async def reads(provider, credentials):
    return await content(provider, credentials, "app") == {"v": "read"}


async def test_a_token_is_taken_as_it_is_without_the_line_break_of_its_file(openbao, room):
    provider = room.store({"tokenSecretRef": ref("token")})
    token = openbao.create_token(room.policy)
    assert await reads(provider, creds(token=token))
    assert await reads(provider, creds(token=f"  {token}\n"))


async def test_a_static_token_outlives_its_use(openbao, room):
    token = openbao.create_token(room.policy)
    assert await reads(room.store({"tokenSecretRef": ref("token")}), creds(token=token))
    assert alive(openbao, token)


def alive(bao, token, namespace=""):
    headers = {"X-Vault-Token": token, "X-Vault-Namespace": namespace}
    answer = httpx.get(f"{bao.url}/v1/auth/token/lookup-self", headers=headers, trust_env=False)
    assert answer.status_code in (200, 403)
    return answer.is_success


@pytest.mark.parametrize("token", ["", "  \n", f"to ken\n{CANARY}", f"tök-{CANARY}", f"{CANARY}\x00"])
async def test_what_is_no_token_is_never_sent(openbao, room, token):
    with pytest.raises(Malformed, match="auth.tokenSecretRef") as raised:
        await get(room.store({"tokenSecretRef": ref("token")}), creds(token=token), "app")
    assert CANARY not in str(raised.value) + raised.value.remedy


async def test_an_approle_logs_in_with_its_id_from_the_store_or_from_a_secret(openbao, room):
    path, role_id, secret_id = room.app_role()
    inline = room.store({"appRole": {"path": path, "roleId": f" {role_id}\n", "secretRef": ref("secret-id")}})
    assert await reads(inline, creds(secret_id=secret_id))
    referred = room.store({"appRole": {"path": path, "roleRef": ref("role-id"), "secretRef": ref("secret-id")}})
    assert await reads(referred, creds(secret_id=secret_id, role_id=role_id))


async def test_a_user_logs_in_by_userpass(openbao, room):
    auth = {"userPass": {"path": room.users(), "username": " bob ", "secretRef": ref("password")}}
    assert await reads(room.store(auth), creds(password=f"{CANARY} pa ss"))


async def test_an_ldap_user_logs_in_by_the_same_request_as_a_users_own(openbao, room):
    # OpenBao has no LDAP method built in; its userpass method answers the same path and body.
    auth = {"ldap": {"path": room.users(), "username": "bob", "secretRef": ref("password")}}
    assert await reads(room.store(auth), creds(password=f"{CANARY} pa ss"))


@pytest.fixture(scope="module")
def accounts(authority):
    with service_accounts(authority) as running:
        yield running


@pytest.fixture
def kubernetes(openbao, room, accounts, authority):
    path = fresh("kubernetes")
    config = {
        "kubernetes_host": accounts.url,
        "kubernetes_ca_cert": authority.ca_pem,
        "token_reviewer_jwt": accounts.token("reviewer"),
        "disable_local_ca_jwt": True,
    }
    openbao.enable_auth(path, "kubernetes", config)
    role = {
        "bound_service_account_names": ["app"],
        "bound_service_account_namespaces": ["default"],
        "token_policies": [room.policy],
        "audience": "vault",
    }
    openbao.write(f"auth/{path}/role/reader", role)
    return {"mountPath": path, "role": "reader"}


async def test_a_serviceaccount_logs_in_with_a_token_made_for_it(room, accounts, kubernetes):
    auth = {"kubernetes": {**kubernetes, "serviceAccountRef": {"name": "app", "audiences": ["vault"]}}}
    issuing = Issuing(accounts)
    assert await reads(room.store(auth), issuing)
    assert issuing.asked == [("app", ("vault",))]


async def test_without_a_reference_the_shell_logs_in_as_itself(room, accounts, kubernetes):
    issuing = Issuing(accounts)
    assert await reads(room.store({"kubernetes": kubernetes}), issuing)
    assert issuing.asked == [(None, ())]


async def test_a_serviceaccount_token_may_be_in_a_secret_under_token(room, accounts, kubernetes):
    unnamed = {"kubernetes": {**kubernetes, "secretRef": {"name": "login"}}}
    assert await reads(room.store(unnamed), creds(token=f"{accounts.token('app')}\n"))
    named = {"kubernetes": {**kubernetes, "secretRef": ref("jwt")}}
    assert await reads(room.store(named), creds(jwt=accounts.token("app")))


@pytest.mark.parametrize("other", [{"name": "other"}, {"name": "app", "audiences": ("aws",)}])
async def test_a_serviceaccount_that_the_role_does_not_know_is_refused(room, accounts, kubernetes, other):
    with pytest.raises(AccessDenied, match=r"login by auth\.kubernetes at auth/kubernetes-\d+ was refused"):
        await get(
            room.store({"kubernetes": kubernetes}), StaticCredentials(tokens={None: accounts.token(**other)}), "app"
        )


class Issuing:
    """The credentials of a shell that runs as the ServiceAccount `app` and may have tokens of others: notes which."""

    identity = ""

    def __init__(self, accounts):
        self.accounts = accounts
        self.asked = []

    async def secret(self, selector):
        raise CredentialNotFound(selector.name)

    config_map = secret

    async def token(self, selector, audiences):
        self.asked.append((selector and selector.name, tuple(audiences)))
        return self.accounts.token(selector.name if selector else "app", audiences=audiences or ("vault",))

    def ambient(self, name):
        return None


@pytest.fixture
def jwt(openbao, room, accounts):
    path = fresh("jwt")
    openbao.enable_auth(path, "jwt", {"jwt_validation_pubkeys": [accounts.public_pem]})
    role = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault", "b"], "token_policies": [room.policy]}
    openbao.write(f"auth/{path}/role/reader", role)
    return {"path": path, "role": " reader "}


async def test_a_signed_token_logs_in_by_jwt(room, accounts, jwt):
    provider = room.store({"jwt": {**jwt, "secretRef": ref("jwt")}})
    assert await reads(provider, creds(jwt=accounts.token("app") + "\n"))


@pytest.mark.parametrize(
    ("reference", "fields", "audiences"),
    [((), {}, ("vault",)), (("a",), {}, ("a", "vault")), (("a",), {"audiences": ["b"]}, ("a", "b")), (("b",), {"audiences": []}, ("b",))],
)  # fmt: skip
async def test_a_serviceaccount_logs_in_by_jwt(room, accounts, jwt, reference, fields, audiences):
    account = {"serviceAccountRef": {"name": "app", "audiences": list(reference)}, **fields}
    issuing = Issuing(accounts)
    assert await reads(room.store({"jwt": {**jwt, "kubernetesServiceAccountToken": account}}), issuing)
    assert issuing.asked == [("app", audiences)]


def wrong_logins(room):
    """Each method with something wrong: the store's auth, the credentials."""
    path, role_id, _ = room.app_role()
    users = room.users()
    role = {"path": path, "secretRef": ref("secret-id")}
    return {
        "appRole": ({"appRole": {**role, "roleId": role_id}}, creds(secret_id=CANARY)),
        "appRole without such a role": ({"appRole": {**role, "roleId": CANARY}}, creds(secret_id=CANARY)),
        "userPass": (
            {"userPass": {"path": users, "username": "bob", "secretRef": ref("password")}},
            creds(password=CANARY),
        ),
        "userPass without such a user": (
            {"userPass": {"path": users, "username": "eve", "secretRef": ref("p")}},
            creds(p=CANARY),
        ),
        "userPass not mounted": (
            {"userPass": {"path": "no", "username": "bob", "secretRef": ref("p")}},
            creds(p=CANARY),
        ),
        "jwt not mounted": ({"jwt": {"path": "no", "secretRef": ref("jwt")}}, creds(jwt=CANARY)),
    }


WRONG = [
    "appRole",
    "appRole without such a role",
    "userPass",
    "userPass without such a user",
    "userPass not mounted",
    "jwt not mounted",
]


@pytest.mark.parametrize("case", WRONG)
async def test_a_wrong_login_is_denied_and_names_the_method(room, case):
    auth, credentials = wrong_logins(room)[case]
    method, mount = case.split()[0], next(iter(auth.values()))["path"]
    with pytest.raises(AccessDenied) as raised:
        await get(room.store(auth), credentials, "app")
    assert str(raised.value).startswith(f"login by auth.{method} at auth/{mount} was refused (40")
    assert "mounted" in raised.value.remedy
    assert CANARY not in str(raised.value) + raised.value.remedy


async def test_an_unknown_token_is_denied(room):
    provider = room.store({"tokenSecretRef": ref("token")})
    with pytest.raises(AccessDenied, match=r'secret "app": access denied \(403\)'):
        await get(provider, creds(token=CANARY), "app")
    with pytest.raises(AccessDenied, match="the store's token"):
        async with opened(provider, creds(token=CANARY)) as client:
            await client.validate()


async def test_a_credential_that_is_not_there_is_said_as_the_shell_says_it(room):
    with pytest.raises(CredentialNotFound, match='"login" has no key "token"'):
        await get(room.store({"tokenSecretRef": ref("token")}), creds(), "app")


async def test_what_a_token_may_not_read_is_denied(openbao, room):
    other = mounted(openbao)
    token = creds(token=openbao.create_token(room.policy))
    with pytest.raises(AccessDenied, match='secret "app"'):
        await get(store(openbao, path=other), token, "app")


ORDER = ["tokenSecretRef", "appRole", "kubernetes", "ldap", "userPass", "jwt", "cert", "iam", "gcp"]


@pytest.mark.parametrize("first", range(7))
async def test_of_several_methods_the_first_in_order_logs_in(room, fault_proxies, first):
    proxy = FaultProxy()
    fault_proxies.append(proxy)
    blocks = {
        "tokenSecretRef": ref("token"),
        "appRole": {"path": "appRole", "roleId": "r", "secretRef": ref("token")},
        "kubernetes": {"mountPath": "kubernetes", "role": "r", "secretRef": {"name": "login"}},
        "ldap": {"path": "ldap", "username": "u", "secretRef": ref("token")},
        "userPass": {"path": "userPass", "username": "u", "secretRef": ref("token")},
        "jwt": {"path": "jwt", "secretRef": ref("token")},
        "cert": {"path": "cert", "clientCert": ref("token"), "secretRef": ref("token")},
        "iam": {"vaultRole": "r"},
        "gcp": {"role": "r"},
    }
    auth = {name: blocks[name] for name in ORDER[first:]}
    with pytest.raises(SecretError):
        await get(room.store(auth, server=proxy), creds(token="t"), "app")
    expected = {"tokenSecretRef": f"/v1/{room.mount}/data/app"}.get(ORDER[first], f"/v1/auth/{ORDER[first]}/login")
    assert proxy.requests[0].path.removesuffix("/u") == expected


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


def by_login(room, kind, server=None, **fields):
    if kind == "userPass":
        auth = {"userPass": {"path": room.users(**fields), "username": "bob", "secretRef": ref("password")}}
        return room.store(auth, server), creds(password=f"{CANARY} pa ss")
    path, role_id, secret_id = room.app_role(**fields)
    return room.store({"appRole": {"path": path, "roleId": role_id, "secretRef": ref("secret-id")}}, server), creds(
        secret_id=secret_id
    )


def header(proxy, path_end, name):
    (found,) = {request.headers.get(name) for request in proxy.requests if request.path.endswith(path_end)}
    return found


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


def sent(request):
    return {name.lower(): value for name, value in request.headers.lines}


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


@pytest.mark.parametrize("location", ["", "ftp://127.0.0.1/x", "file:///etc/passwd"])
async def test_a_redirect_to_nowhere_is_refused(openbao, fault_proxies, location):
    standby = FaultProxy()
    fault_proxies.append(standby)
    standby.always("app", Answer(307, "", {"Location": location} if location else {}))
    with pytest.raises(Malformed, match="307"):
        await get(store(standby, path="kv"), root(openbao), "app")


async def test_a_usable_token_validates_the_store(openbao, room):
    provider, credentials = by_login(room, "appRole")
    async with opened(provider, credentials) as client:
        assert (await client.validate()).known
