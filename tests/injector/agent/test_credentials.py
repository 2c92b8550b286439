"""What a pod may have of what a store refers to, and what it is told when it may not."""

import os

import pytest

from injector.agent.credentials import Pod, PodCredentials
from injector.agent.mounted import Mounted
from secretcore.errors import AccessDenied, CredentialNotFound
from secretcore.model.reading import read
from secretcore.model.selectors import SecretKeySelector, ServiceAccountSelector
from secretcore.providers.fake import FakeProvider
from secretcore.providers.vault import VaultProvider
from secretcore.store import Store

FAKE = FakeProvider(data=())
LOCAL = Store(kind="SecretStore", namespace="shop", name="s", provider=FAKE)
CLUSTER = Store(kind="ClusterSecretStore", namespace="", name="s", provider=FAKE)
POD = Pod("shop", "app", {"": "api", "vault": "0"})


@pytest.fixture
def mounted(tmp_path):
    """As the kubelet lays out a projected volume: everything behind `..data`."""
    real = tmp_path / "..2026_01_01_00_00_00.000000001"
    for path, content in {
        "tokens/0": b"for-vault\n",
        "tokens/api": b"for-api",
        "secrets/creds/k": b"one",
        "configmaps/ca/ca.crt": b"pem",
        "configmaps/templates/a.txt": b"A",
        "configmaps/templates/b.txt": b"B",
    }.items():
        (real / path).parent.mkdir(parents=True, exist_ok=True)
        (real / path).write_bytes(content)
    (tmp_path / "..data").symlink_to(real.name)
    for name in ("tokens", "secrets", "configmaps"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    return Mounted(tmp_path)


def credentials(mounted, store=LOCAL, pod=POD, **options):
    return PodCredentials(store, pod, mounted, **options)


def secret(name="creds", key="k", namespace=None):
    return SecretKeySelector(name=name, key=key, namespace=namespace)


def account(name="app", namespace=None, audiences=()):
    return ServiceAccountSelector(name=name, namespace=namespace, audiences=audiences)


@pytest.mark.parametrize(
    ("store", "selector"),
    [(LOCAL, secret()), (LOCAL, secret(namespace="shop")), (CLUSTER, secret()), (CLUSTER, secret(namespace="shop"))],
)
async def test_a_key_of_a_secret_of_the_pod_s_namespace(mounted, store, selector):
    assert await credentials(mounted, store).secret(selector) == b"one"


async def test_a_key_of_a_config_map(mounted):
    assert await credentials(mounted).config_map(secret("ca", "ca.crt")) == b"pem"


async def test_a_secret_store_reads_its_own_namespace_whatever_a_reference_says(mounted):
    assert await credentials(mounted, LOCAL).secret(secret(namespace="other")) == b"one"


async def test_what_is_in_another_namespace_is_refused(mounted):
    with pytest.raises(AccessDenied, match='Secret "other/creds": a pod of namespace "shop"'):
        await credentials(mounted, CLUSTER).secret(secret(namespace="other"))


@pytest.mark.parametrize("key", ["missing", "..", ".", "../../tokens/0", "..data", ""])
async def test_what_is_not_mounted_is_named(mounted, key):
    selector = SecretKeySelector(name="creds", key=key)
    with pytest.raises(CredentialNotFound) as missing:
        await credentials(mounted).secret(selector)
    assert "for-vault" not in str(missing.value)


async def test_a_pipe_in_the_place_of_a_key_does_not_hold_anything_up(mounted):
    os.mkfifo(mounted.folder / "secrets/creds/pipe")
    assert await credentials(mounted).secret(secret(key="pipe")) == b""


@pytest.mark.parametrize(
    ("selector", "audiences", "expected"),
    [
        (None, (), "for-api"),
        (None, ("vault",), "for-vault"),
        (account(), ("vault",), "for-vault"),
        (account(), ("other", "vault"), "for-vault"),
        (account(namespace="shop"), (), "for-api"),
    ],
)
async def test_the_pod_s_own_token_for_an_audience(mounted, selector, audiences, expected):
    assert await credentials(mounted, CLUSTER).token(selector, audiences) == expected


@pytest.mark.parametrize(
    ("store", "selector"),
    [(LOCAL, account("other")), (CLUSTER, account("other")), (CLUSTER, account("app", namespace="elsewhere"))],
)
async def test_another_service_account_is_refused_unless_the_store_lets_pods_use_their_own(mounted, store, selector):
    with pytest.raises(AccessDenied, match='the pod is "shop/app"') as refused:
        await credentials(mounted, store).token(selector, ("vault",))
    assert "identity: pod" in refused.value.remedy
    own = credentials(mounted, store, own_identity=True)
    assert await own.token(selector, ("vault",)) == "for-vault"


async def test_an_audience_without_a_token_is_named(mounted):
    with pytest.raises(CredentialNotFound, match='for audience "sts.amazonaws.com" is mounted'):
        await credentials(mounted).token(None, ("sts.amazonaws.com",))


async def test_the_identity_of_the_environment_is_lent(mounted, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-1")
    assert credentials(mounted).ambient("AWS_REGION") == "eu-1"
    assert credentials(mounted).ambient("AWS_NOWHERE") is None


def test_the_identity_changes_with_the_files_that_the_store_names(mounted):
    vault = {
        "server": "https://v",
        "auth": {"tokenSecretRef": {"name": "creds", "key": "k"}},
        "caProvider": {"type": "ConfigMap", "name": "ca", "key": "ca.crt"},
    }
    asking = credentials(
        mounted, Store(kind="SecretStore", namespace="shop", name="s", provider=read(vault, VaultProvider))
    )
    seen = {asking.identity}
    for path in ("secrets/creds/k", "configmaps/ca/ca.crt"):
        (mounted.folder / path).write_bytes(b"another value")
        seen.add(asking.identity)
    (mounted.folder / "configmaps/templates/a.txt").write_bytes(b"no credential")
    seen.add(asking.identity)
    assert len(seen) == 3


def test_objects_are_read_whole_without_what_is_the_kubelet_s(mounted):
    own = mounted.folder / "..data/configmaps/own"
    (own / "..2026").mkdir(parents=True)
    (own / "..2026/t.txt").write_bytes(b"T")
    (own / "..data").symlink_to("..2026")
    (own / "t.txt").symlink_to("..data/t.txt")
    assert mounted.object("ConfigMap", "templates") == {"a.txt": b"A", "b.txt": b"B"}
    assert mounted.object("ConfigMap", "own") == {"t.txt": b"T"}
    assert mounted.object("ConfigMap", "none") is None
    assert mounted.object("Secret", "creds") == {"k": b"one"}
