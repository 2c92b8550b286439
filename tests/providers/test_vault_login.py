"""Logging in at a real OpenBao by each auth method, rightly and wrongly."""

import pytest

from secretcore.errors import AccessDenied, CredentialNotFound, Malformed, SecretError
from secretcore.testing import StaticCredentials
from tests.providers.identities import service_accounts
from tests.providers.rooms import Room, alive, reads, ref
from tests.providers.vaults import CANARY, creds, fresh, get, mounted, opened, store
from tests.support.faults import FaultProxy

pytestmark = pytest.mark.server


@pytest.fixture
def room(openbao):
    return Room(openbao)


async def test_a_token_is_taken_as_it_is_without_the_line_break_of_its_file(openbao, room):
    provider = room.store({"tokenSecretRef": ref("token")})
    token = openbao.create_token(room.policy)
    assert await reads(provider, creds(token=token))
    assert await reads(provider, creds(token=f"  {token}\n"))


async def test_a_static_token_outlives_its_use(openbao, room):
    token = openbao.create_token(room.policy)
    assert await reads(room.store({"tokenSecretRef": ref("token")}), creds(token=token))
    assert alive(openbao, token)


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


async def test_a_credential_that_is_no_text_is_denied_without_being_sent_or_told(room, fault_proxies):
    proxy = FaultProxy()
    fault_proxies.append(proxy)
    provider = room.store({"kubernetes": {"mountPath": "k8s", "role": "r"}}, server=proxy)
    with pytest.raises(AccessDenied, match=r"login by auth\.kubernetes at auth/k8s: .* can't be sent") as raised:
        await get(provider, StaticCredentials(tokens={None: f"{CANARY}\udc80"}), "app")
    assert CANARY not in f"{raised.value} {raised.value.remedy} {raised.value.__cause__!r}"
    assert raised.value.__suppress_context__
    assert not proxy.requests


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
