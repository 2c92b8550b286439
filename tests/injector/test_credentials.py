"""Where local mode finds what a store refers to, and under which namespace rules."""

import pytest

from injector.local.credentials import EnvironmentSource, LocalCredentials, ManifestSource, token_variable, variable
from injector.local.manifests import Manifests, Name
from secretcore.errors import CredentialNotFound
from secretcore.model.selectors import SecretKeySelector, ServiceAccountSelector
from secretcore.providers.fake import FakeProvider
from secretcore.store import Store

FAKE = FakeProvider(data=())
LOCAL = Store(kind="SecretStore", namespace="one", name="s", provider=FAKE)
CLUSTER = Store(kind="ClusterSecretStore", namespace="", name="s", provider=FAKE)


def manifests(*objects):
    return Manifests({Name(o["kind"], o["metadata"]["namespace"], o["metadata"]["name"]): o for o in objects})


def secret(namespace, name="creds", kind="Secret", **fields):
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, **fields}


FILES = ManifestSource(
    manifests(
        secret("one", data={"k": "b25l"}, stringData={"s": "plain", "both": "wins"}),
        secret("two", data={"k": "dHdv", "bad": "canary!"}),
        secret("one", kind="ConfigMap", data={"k": "text"}, binaryData={"b": "YmluYXJ5"}),
    )
)


def selector(key="k", namespace=None):
    return SecretKeySelector(name="creds", key=key, namespace=namespace)


@pytest.mark.parametrize(
    ("store", "namespace", "selected", "expected"),
    [
        (LOCAL, "one", selector(), b"one"),
        (LOCAL, "one", selector("s"), b"plain"),
        (LOCAL, "one", selector(namespace="one"), b"one"),
        (CLUSTER, "one", selector(), b"one"),
        (CLUSTER, "two", selector(), b"two"),
        (CLUSTER, "one", selector(namespace="two"), b"two"),
    ],
)
async def test_the_namespace_of_a_reference(store, namespace, selected, expected):
    assert await LocalCredentials(store, namespace, (FILES,)).secret(selected) == expected


async def test_config_maps_have_text_and_bytes():
    credentials = LocalCredentials(LOCAL, "one", (FILES,))
    assert await credentials.config_map(selector()) == b"text"
    assert await credentials.config_map(selector("b")) == b"binary"


@pytest.mark.parametrize(
    ("selected", "sentence"),
    [
        (selector("none"), 'Secret "one/creds" with key "none" is not among the files'),
        (SecretKeySelector(name="creds"), "a reference to a Secret lacks key"),
        (SecretKeySelector(key="k"), "a reference to a Secret lacks name"),
    ],
)
async def test_what_is_not_there_is_named(selected, sentence):
    with pytest.raises(CredentialNotFound) as raised:
        await LocalCredentials(LOCAL, "one", (FILES,)).secret(selected)
    assert str(raised.value) == sentence


async def test_bad_base64_is_named_and_not_shown():
    with pytest.raises(CredentialNotFound, match='key "bad" of Secret "creds" is not Base64') as raised:
        await LocalCredentials(CLUSTER, "two", (FILES,)).secret(selector("bad"))
    assert "canary" not in str(raised.value)


async def test_the_environment_answers_only_what_the_files_do_not():
    environment = EnvironmentSource({"SECRET_CREDS_K": "env", "SECRET_CREDS_ACCESS_KEY": "key", "TOKEN_MY_SA": "jwt"})
    credentials = LocalCredentials(LOCAL, "one", (FILES, environment))
    assert await credentials.secret(selector("k")) == b"one"
    assert await credentials.secret(selector("access-key")) == b"key"
    assert await credentials.token(ServiceAccountSelector(name="my-sa"), ()) == "jwt"
    assert credentials.ambient("TOKEN_MY_SA") == "jwt"


async def test_without_the_flag_nothing_is_taken_from_the_environment(monkeypatch):
    monkeypatch.setenv("SECRET_CREDS_NONE", "env")
    credentials = LocalCredentials(LOCAL, "one", (FILES,))
    with pytest.raises(CredentialNotFound) as raised:
        await credentials.secret(selector("none"))
    assert "--from-environment with SECRET_CREDS_NONE" in raised.value.remedy
    assert credentials.ambient("SECRET_CREDS_NONE") is None


async def test_there_is_no_workload_to_log_in_as():
    with pytest.raises(CredentialNotFound, match="local mode runs in none"):
        await LocalCredentials(LOCAL, "one", (FILES,)).token(None, ())


def test_variables_are_named_after_what_they_stand_for():
    assert variable("Secret", "aws-creds", "access.key") == "SECRET_AWS_CREDS_ACCESS_KEY"
    assert token_variable("my-sa") == "TOKEN_MY_SA"
