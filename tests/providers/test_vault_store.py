"""What a store may say, and what is wrong with it: before anything is asked."""

import pytest

from secretcore.errors import InvalidSpec
from secretcore.model.reading import read
from secretcore.parse import parse_store
from secretcore.provider import StoreContext
from secretcore.providers.openbao import OpenBaoProvider
from secretcore.providers.vault import VaultProvider
from secretcore.registry import Registry

SERVER = "https://vault.example.com:8200"
REF = {"name": "n", "key": "k"}
SCOPED = {**REF, "namespace": "one"}


def manifest(key, configuration, kind="SecretStore"):
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": kind,
        "metadata": {"name": "s", "namespace": "one"},
        "spec": {"provider": {key: {"server": SERVER, **configuration}}},
    }


def parsed(key, configuration, kind="SecretStore"):
    return parse_store(manifest(key, configuration, kind), Registry.installed())


WHOLE = {
    "server": SERVER,
    "path": "secret",
    "version": "v2",
    "namespace": "ns",
    "caBundle": "",
    "caProvider": {"type": "Secret", "name": "ca", "key": "ca.crt"},
    "tls": {"certSecretRef": REF, "keySecretRef": REF},
    "readYourWrites": True,
    "forwardInconsistent": True,
    "headers": {"a": "b"},
    "checkAndSet": {"required": True},
    "auth": {
        "namespace": "auth",
        "tokenSecretRef": REF,
        "appRole": {"path": "p", "roleId": "r", "roleRef": REF, "secretRef": REF},
        "kubernetes": {"mountPath": "p", "role": "r", "secretRef": REF, "serviceAccountRef": {"name": "sa", "audiences": ["a"]}},
        "ldap": {"path": "p", "username": "u", "secretRef": REF},
        "userPass": {"path": "p", "username": "u", "secretRef": REF},
        "jwt": {
            "path": "p", "role": "r", "secretRef": REF,
            "kubernetesServiceAccountToken": {"serviceAccountRef": {"name": "sa"}, "audiences": ["a"], "expirationSeconds": 600},
        },
        "cert": {"path": "p", "vaultRole": "r", "clientCert": REF, "secretRef": REF},
        "iam": {
            "path": "p", "region": "r", "role": "arn", "vaultRole": "r", "externalID": "e", "vaultAwsIamServerID": "i",
            "secretRef": {"accessKeyIDSecretRef": REF, "secretAccessKeySecretRef": REF, "sessionTokenSecretRef": REF},
            "jwt": {"serviceAccountRef": {"name": "sa"}},
        },
        "gcp": {
            "path": "p", "role": "r", "projectID": "p", "location": "l", "secretRef": {"secretAccessKeySecretRef": REF},
            "serviceAccountRef": {"name": "sa"},
            "workloadIdentity": {
                "serviceAccountRef": {"name": "sa"}, "clusterLocation": "l", "clusterName": "c", "clusterProjectID": "p",
            },
        },
    },
}  # fmt: skip


def test_every_field_of_the_schema_is_kept():
    def kept(struct):
        if isinstance(struct, VaultProvider | OpenBaoProvider) or hasattr(struct, "__struct_fields__"):
            pairs = zip(
                struct.__struct_encode_fields__, map(struct.__getattribute__, struct.__struct_fields__), strict=True
            )
            return {name: kept(value) for name, value in pairs if value is not None}
        return list(struct) if isinstance(struct, tuple) else struct

    def without_empty(value):
        return (
            {k: without_empty(v) for k, v in value.items() if v not in ([], {}, None)}
            if isinstance(value, dict)
            else value
        )

    assert without_empty(kept(read(WHOLE, VaultProvider))) == without_empty(WHOLE)


def test_what_is_left_out_is_as_eso_fills_it_in():
    provider = read(
        {"server": SERVER, "auth": {"appRole": {"secretRef": REF}, "kubernetes": {"role": "r"}, "cert": {}, "gcp": {"role": "r"}}}, VaultProvider
    )  # fmt: skip
    auth = provider.auth
    assert (provider.version, provider.path, auth.app_role.path, auth.kubernetes.mount_path) == (
        "v2",
        None,
        "approle",
        "kubernetes",
    )
    assert (auth.cert.path, auth.gcp.path) == ("cert", "gcp")


WRONG = {
    "server": ({"server": "vault:8200"}, "server: must be a URL"),
    "server without a host": ({"server": "https://"}, "server: must be a URL"),
    "server with a bad port": ({"server": "https://v:99999"}, "server: must be a URL"),
    "namespace": ({"namespace": "a\r\nb"}, "namespace: has characters"),
    "auth.namespace": ({"auth": {"tokenSecretRef": REF, "namespace": "tränk"}}, "auth.namespace: has characters"),
    "no method": ({"auth": {}}, "auth: no valid auth method specified"),
    "no role id": ({"auth": {"appRole": {"secretRef": REF}}}, "auth.appRole: neither roleId nor roleRef"),
    "caProvider": ({"caProvider": {"type": "Secret", "name": "n"}}, "caProvider.namespace: is required in a Cluster"),
    "tls": ({"tls": {"certSecretRef": REF}}, "tls: certSecretRef and keySecretRef must be set together"),
    "tls the other way": ({"tls": {"keySecretRef": REF}}, "tls: certSecretRef and keySecretRef must be set together"),
    "checkAndSet": (
        {"version": "v1", "checkAndSet": {"required": True}},
        "checkAndSet: is not supported with KV version v1",
    ),
    "headers": ({"headers": {"a": "b\nc"}}, r"headers\[a\]: is no HTTP header"),
    "header names": ({"headers": {"a:b": "c"}}, r"headers\[a:b\]: is no HTTP header"),
    "iam": ({"auth": {"iam": {"vaultRole": "r"}}}, "auth.iam: this auth method is not supported yet"),
    "gcp": ({"auth": {"gcp": {"role": "r"}}}, "auth.gcp: this auth method is not supported yet"),
    "ldap": ({"auth": {"ldap": {"username": "u"}}}, "auth.ldap.secretRef: is required"),
    "userPass": ({"auth": {"userPass": {"username": "u"}}}, "auth.userPass.secretRef: is required"),
    "jwt": ({"auth": {"jwt": {}}}, "auth.jwt: neither secretRef nor kubernetesServiceAccountToken"),
    "cert": ({"auth": {"cert": {"clientCert": REF}}}, "auth.cert: clientCert and secretRef are both required"),
    "version": ({"version": "v3"}, "version: must be one of v1, v2"),
}


@pytest.mark.parametrize(("configuration", "message"), WRONG.values(), ids=WRONG)
def test_a_store_that_cannot_work_says_where(configuration, message):
    with pytest.raises(InvalidSpec, match=rf"^spec\.provider\.vault\.{message}"):
        parsed("vault", configuration, "ClusterSecretStore")


def test_a_namespace_of_credentials_is_only_for_cluster_stores():
    auth = {"auth": {"tokenSecretRef": {**REF, "namespace": "two"}}}
    with pytest.raises(InvalidSpec, match=r"vault\.auth\.tokenSecretRef\.namespace"):
        parsed("vault", auth)
    assert not parsed("vault", auth, "ClusterSecretStore").is_referent
    assert parsed("vault", {"auth": {"tokenSecretRef": REF}}, "ClusterSecretStore").is_referent


def test_methods_that_are_not_used_are_warned_of():
    auth = {"gcp": {"role": "r"}, "kubernetes": {"role": "r"}, "tokenSecretRef": REF}
    assert parsed("vault", {"auth": auth}).warnings == (
        "auth: of several methods tokenSecretRef is used, kubernetes, gcp are not",
    )
    assert parsed("vault", {"auth": {"tokenSecretRef": REF}}).warnings == ()
    assert parsed("vault", {}).warnings == ()


BAO_WRONG = {
    "no method": ({"auth": {}}, r"auth: exactly one of the fields in \[appRole tokenSecretRef userPass\] must be set"),
    "two methods": (
        {"auth": {"tokenSecretRef": REF, "userPass": {"username": "u", "secretRef": REF}}},
        r"auth: exactly one of the fields in \[appRole",
    ),
    "no role id": (
        {"auth": {"appRole": {"secretRef": REF}}},
        r"auth.appRole: exactly one of the fields in \[roleId roleRef\]",
    ),
    "two role ids": (
        {"auth": {"appRole": {"roleId": "r", "roleRef": REF, "secretRef": REF}}},
        r"auth.appRole: exactly one of the fields in \[roleId roleRef\] must be set",
    ),
    "empty role id": ({"auth": {"appRole": {"roleId": "", "secretRef": REF}}}, "auth.appRole.roleId"),
    "two CAs": (
        {"caBundle": "eA==", "caProvider": {"type": "Secret", "name": "n"}},
        r"at most one of the fields in \[caBundle caProvider\] may be set",
    ),
    "password": ({"auth": {"userPass": {"username": "u"}}}, "auth.userPass.secretRef: is required"),
    "server": ({"server": "bao"}, "server: must be a URL"),
}


@pytest.mark.parametrize(("configuration", "message"), BAO_WRONG.values(), ids=BAO_WRONG)
def test_an_openbao_store_that_cannot_work_says_where(configuration, message):
    with pytest.raises(InvalidSpec, match=message):
        parsed("openBao", configuration)


def test_openbao_rules_are_esos_in_cel():
    assert [rule.rule for rule in OpenBaoProvider.cel] == [
        "[has(self.caBundle),has(self.caProvider)].filter(x,x==true).size() <= 1"
    ]


def test_a_provider_shows_no_header_values():
    provider = read({"server": SERVER}, VaultProvider)
    assert provider.validate(StoreContext()) == ()
