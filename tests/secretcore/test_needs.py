"""What stores say that they will ask credentials for."""

import pytest

from secretcore.model.selectors import ServiceAccountSelector
from secretcore.needs import KeyNeed, TokenNeed, VariableNeed
from secretcore.parse import parse_store
from secretcore.registry import Registry
from secretcore.store import is_inline, needs

REF = {"name": "login", "key": "it"}
APP = {"name": "app"}
ACCOUNT = ServiceAccountSelector(name="app")


def store(**provider):
    manifest = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": "store", "namespace": "team"},
        "spec": {"provider": provider},
    }
    return parse_store(manifest, Registry.installed())


def vault(auth=None, server="https://vault", **rest):
    return store(vault={"server": server, **({"auth": auth} if auth else {}), **rest})


def key(path, name="login", key="it", kind="Secret"):
    return KeyNeed(path, kind, name, key)


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        (None, ()),
        ({"tokenSecretRef": REF}, (key("auth.tokenSecretRef"),)),
        ({"appRole": {"roleId": "r", "secretRef": REF}}, (key("auth.appRole.secretRef"),)),
        (
            {"appRole": {"roleRef": REF, "secretRef": REF}},
            (key("auth.appRole.roleRef"), key("auth.appRole.secretRef")),
        ),
        ({"kubernetes": {"role": "r"}}, (TokenNeed("auth.kubernetes", None),)),
        (
            {"kubernetes": {"role": "r", "serviceAccountRef": {**APP, "audiences": ["vault"]}}},
            (
                TokenNeed(
                    "auth.kubernetes.serviceAccountRef",
                    ServiceAccountSelector(name="app", audiences=("vault",)),
                    ("vault",),
                ),
            ),
        ),
        (
            {"kubernetes": {"role": "r", "secretRef": {"name": "login"}}},
            (key("auth.kubernetes.secretRef", key="token"),),
        ),
        ({"ldap": {"username": "u", "secretRef": REF}}, (key("auth.ldap.secretRef"),)),
        ({"userPass": {"username": "u", "secretRef": REF}}, (key("auth.userPass.secretRef"),)),
        ({"jwt": {"secretRef": REF}}, (key("auth.jwt.secretRef"),)),
        (
            {"jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": APP}}},
            (TokenNeed("auth.jwt.kubernetesServiceAccountToken", ACCOUNT, ("vault",)),),
        ),
        (
            {"jwt": {"kubernetesServiceAccountToken": {"serviceAccountRef": APP, "audiences": []}}},
            (TokenNeed("auth.jwt.kubernetesServiceAccountToken", ACCOUNT, ()),),
        ),
        (
            {"cert": {"clientCert": REF, "secretRef": REF}},
            (key("auth.cert.clientCert"), key("auth.cert.secretRef")),
        ),
        # of several, only what the one that is used asks for
        (
            {"tokenSecretRef": REF, "kubernetes": {"role": "r", "serviceAccountRef": APP}},
            (key("auth.tokenSecretRef"),),
        ),
    ],
)
def test_a_vault_asks_for_what_its_auth_method_needs(auth, expected):
    assert needs(vault(auth)) == expected


def test_a_connection_asks_for_its_certificates_where_it_is_encrypted():
    ca = {"type": "ConfigMap", "name": "ca", "key": "ca.crt"}
    tls = {"certSecretRef": {"name": "pair"}, "keySecretRef": {"name": "pair"}}
    pair = (key("tls.certSecretRef", "pair", "tls.crt"), key("tls.keySecretRef", "pair", "tls.key"))
    trusted = key("caProvider", "ca", "ca.crt", "ConfigMap")
    assert needs(vault(caProvider=ca, tls=tls)) == (trusted, *pair)
    assert needs(vault(caProvider=ca, tls=tls, server="http://vault")) == ()
    shown = {"cert": {"clientCert": REF, "secretRef": REF}}
    assert needs(vault(shown, tls=tls)) == (key("auth.cert.clientCert"), key("auth.cert.secretRef"))


def test_an_openbao_asks_for_what_its_auth_method_needs():
    role = {"roleRef": REF, "secretRef": {"name": "login", "key": "id"}}
    it = store(openBao={"server": "http://bao", "auth": {"appRole": role}})
    assert needs(it) == (key("auth.appRole.roleRef"), key("auth.appRole.secretRef", key="id"))


def test_aws_asks_for_its_keys_or_for_the_environments():
    refs = {"accessKeyIDSecretRef": REF, "secretAccessKeySecretRef": {"name": "login", "key": "secret"}}
    aws = {"service": "SecretsManager", "region": "eu-central-1"}
    kept = store(aws={**aws, "auth": {"secretRef": refs}})
    assert needs(kept) == (
        key("auth.secretRef.accessKeyIDSecretRef"),
        key("auth.secretRef.secretAccessKeySecretRef", key="secret"),
    )
    (lent,) = needs(store(aws=aws))
    assert isinstance(lent, VariableNeed)
    assert "AWS_ACCESS_KEY_ID" in lent.names


def test_only_a_store_that_holds_its_secrets_is_inline():
    assert is_inline(store(fake={"data": [{"key": "a", "value": "b"}]}))
    assert not is_inline(vault())


def test_a_provider_that_declares_nothing_asks_for_every_reference():
    assert needs(store(express={"host": "http://it"})) == ()
