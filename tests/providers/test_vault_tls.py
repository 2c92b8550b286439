"""Whom a store trusts and what it shows, over real TLS to a real OpenBao."""

import base64

import msgspec
import pytest

from secretcore.errors import AccessDenied, CredentialNotFound, InvalidSpec, Malformed, StoreUnavailable
from secretcore.model.reading import read
from secretcore.provider import StoreContext
from secretcore.providers.vault import VaultProvider
from secretcore.testing import StaticCredentials
from tests.providers.vaults import CANARY, bao_store, content, fresh, get, mounted, reader, store
from tests.support.fault_kinds import Answer
from tests.support.faults import FaultProxy

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def filled(openbao_tls):
    mount = mounted(openbao_tls)
    openbao_tls.put_kv(mount, "app", {"v": "read"})
    return mount


@pytest.fixture(scope="module")
def filled_mtls(openbao_mtls):
    mount = mounted(openbao_mtls)
    openbao_mtls.put_kv(mount, "app", {"v": "read"})
    return mount


def held(bao, **values):
    """The Secret `login` with a root token and PEM texts, and the ConfigMap `ca`."""
    texts = {"token": bao.token, **values}
    keys = {key.replace("_", "."): value.encode() if isinstance(value, str) else value for key, value in texts.items()}
    secrets = {("Secret", "login", key): value for key, value in keys.items()}
    return StaticCredentials(secrets | {("ConfigMap", "ca", key): value for key, value in keys.items()})


def encoded(text, times=1):
    data = text.encode()
    for _ in range(times):
        data = base64.b64encode(data)
    return data.decode()


@pytest.mark.parametrize("make", [store, bao_store])
@pytest.mark.parametrize("times", [1, 2], ids=["PEM", "base64 of PEM"])
async def test_a_ca_bundle_is_trusted(openbao_tls, filled, make, times):
    pem = openbao_tls.authority.ca_pem
    bundle = encoded(f"# Prüfstelle\n{pem}\n", times)
    assert await content(make(openbao_tls, path=filled, caBundle=bundle), held(openbao_tls), "app") == {"v": "read"}


@pytest.mark.parametrize("make", [store, bao_store])
async def test_a_scheme_in_capitals_is_trusted_as_the_store_says(openbao_tls, filled, make):
    server = openbao_tls.url.replace("https", "HTTPS")
    provider = make(server, path=filled, caBundle=encoded(openbao_tls.authority.ca_pem))
    assert await content(provider, held(openbao_tls), "app") == {"v": "read"}


@pytest.mark.parametrize("make", [store, bao_store])
@pytest.mark.parametrize(("kind", "name"), [("Secret", "login"), ("ConfigMap", "ca")])
async def test_a_ca_provider_is_trusted(openbao_tls, filled, make, kind, name):
    provider = make(openbao_tls, path=filled, caProvider={"type": kind, "name": name, "key": "ca.crt"})
    credentials = held(openbao_tls, ca_crt=openbao_tls.authority.ca_pem)
    assert await content(provider, credentials, "app") == {"v": "read"}
    with pytest.raises(CredentialNotFound):
        await get(provider, held(openbao_tls), "app")


async def test_a_bundle_wins_over_a_provider(openbao_tls, filled):
    provider = store(
        openbao_tls,
        path=filled,
        caBundle=encoded(openbao_tls.authority.ca_pem),
        caProvider={"type": "Secret", "name": "no"},
    )
    assert await content(provider, held(openbao_tls), "app") == {"v": "read"}


async def test_a_server_that_the_system_does_not_trust_is_not_told_the_token(openbao_tls, filled):
    with pytest.raises(StoreUnavailable, match="can't connect.*certificate verify failed"):
        await get(store(openbao_tls, path=filled), held(openbao_tls), "app")


async def test_what_holds_no_certificates_is_said(openbao_tls, filled):
    provider = store(openbao_tls, path=filled, caProvider={"type": "Secret", "name": "login", "key": "ca.crt"})
    with pytest.raises(Malformed, match="CA bundle holds no PEM certificates") as raised:
        await get(provider, held(openbao_tls, ca_crt=CANARY), "app")
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("bundle", ["!", encoded("no certificate"), encoded("x" * 99, 2)])
def test_a_bundle_without_certificates_is_an_error_of_the_store(bundle):
    provider = read({"server": "https://v", "caBundle": bundle}, VaultProvider)
    with pytest.raises(InvalidSpec, match="caBundle: holds no certificates"):
        provider.validate(StoreContext())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_redirect_goes_from_https_to_https_only(openbao_tls, filled, authority, fault_proxies, host):
    standby = FaultProxy(tls=authority.server_context())
    plain = FaultProxy()
    fault_proxies += [standby, plain]
    path = f"/v1/{filled}/data/app"
    provider = store(standby, path=filled, caBundle=encoded(authority.ca_pem))
    active = openbao_tls.url.replace("127.0.0.1", host)
    standby.on("app", Answer(307, "", {"Location": active + path}))
    assert await content(provider, held(openbao_tls), "app") == {"v": "read"}
    standby.on("app", Answer(307, "", {"Location": plain.url.replace("127.0.0.1", host) + path}))
    with pytest.raises(Malformed, match="where the token must not go"):
        await get(provider, held(openbao_tls), "app")
    assert not plain.requests


def shown(bao, mount, **tls):
    return store(bao, path=mount, caBundle=encoded(bao.authority.ca_pem), **tls)


def pair(bao):
    return {"tls_crt": bao.client_pair.cert_file.read_bytes(), "tls_key": bao.client_pair.key_file.read_bytes()}


async def test_a_client_certificate_is_shown(openbao_mtls, filled_mtls):
    tls = {"certSecretRef": {"name": "login"}, "keySecretRef": {"name": "login"}}
    provider = shown(openbao_mtls, filled_mtls, tls=tls)
    assert await content(provider, held(openbao_mtls, **pair(openbao_mtls)), "app") == {"v": "read"}
    capitals = msgspec.structs.replace(provider, server=openbao_mtls.url.replace("https", "HTTPS"))
    assert await content(capitals, held(openbao_mtls, **pair(openbao_mtls)), "app") == {"v": "read"}
    named = {"certSecretRef": {"name": "login", "key": "a.b"}, "keySecretRef": {"name": "login", "key": "c.d"}}
    files = pair(openbao_mtls)
    credentials = held(openbao_mtls, a_b=files["tls_crt"], c_d=files["tls_key"])
    assert await content(shown(openbao_mtls, filled_mtls, tls=named), credentials, "app") == {"v": "read"}


async def test_without_a_certificate_the_server_hangs_up(openbao_mtls, filled_mtls):
    with pytest.raises(StoreUnavailable, match=r"TLS failed \(.*CERTIFICATE_REQUIRED\)"):
        await get(shown(openbao_mtls, filled_mtls), held(openbao_mtls), "app")


async def test_a_certificate_and_a_key_that_do_not_fit_are_said(openbao_mtls, filled_mtls, authority):
    tls = {"certSecretRef": {"name": "login"}, "keySecretRef": {"name": "login"}}
    other = authority.issue(f"{fresh('other')}@test").key_file.read_bytes()
    for key in (other, f"-----BEGIN {CANARY}".encode()):
        credentials = held(openbao_mtls, **{**pair(openbao_mtls), "tls_key": key})
        with pytest.raises(Malformed, match="can't be used together") as raised:
            await get(shown(openbao_mtls, filled_mtls, tls=tls), credentials, "app")
        assert CANARY not in str(raised.value)


@pytest.fixture(scope="module")
def cert_auth(openbao_mtls, filled_mtls):
    path = fresh("cert")
    openbao_mtls.enable_auth(path, "cert")
    role = {"certificate": openbao_mtls.authority.ca_pem, "token_policies": [reader(openbao_mtls, filled_mtls)]}
    openbao_mtls.write(f"auth/{path}/certs/web", role)
    return {
        "path": path,
        "clientCert": {"name": "login", "key": "tls.crt"},
        "secretRef": {"name": "login", "key": "tls.key"},
    }


@pytest.mark.parametrize("role", [{}, {"vaultRole": "web"}])
async def test_a_certificate_logs_in(openbao_mtls, filled_mtls, cert_auth, role):
    provider = shown(openbao_mtls, filled_mtls, auth={"cert": {**cert_auth, **role}})
    credentials = StaticCredentials({**held(openbao_mtls, **pair(openbao_mtls)).values})
    assert await content(provider, credentials, "app") == {"v": "read"}


async def test_a_certificate_of_another_role_is_denied(openbao_mtls, filled_mtls, cert_auth):
    provider = shown(openbao_mtls, filled_mtls, auth={"cert": {**cert_auth, "vaultRole": "none"}})
    with pytest.raises(AccessDenied, match=r"login by auth\.cert"):
        await get(provider, held(openbao_mtls, **pair(openbao_mtls)), "app")
