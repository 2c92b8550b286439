"""`render --kubeconfig`: what a store refers to is read from a real API server, as the kubeconfig's user."""

import base64
import json
import subprocess
import sys

import pytest
import yaml

from injector.local.cluster import cluster_source
from injector.local.credentials import LocalCredentials
from injector.local.manifests import WrongCall
from secretcore.errors import AccessDenied, CredentialNotFound, StoreUnavailable
from secretcore.model.selectors import SecretKeySelector, ServiceAccountSelector
from secretcore.providers.fake import FakeProvider
from secretcore.store import Store

pytestmark = pytest.mark.server


@pytest.fixture
def filled(control_plane, namespace):
    """A namespace with a Secret, a ConfigMap and a ServiceAccount."""
    secret = {"metadata": {"name": "creds"}, "data": {"k": base64.b64encode(b"from-cluster").decode()}}
    control_plane.request("POST", f"/api/v1/namespaces/{namespace}/secrets", secret)
    config_map = {"metadata": {"name": "creds"}, "data": {"ca": "text"}}
    control_plane.request("POST", f"/api/v1/namespaces/{namespace}/configmaps", config_map)
    control_plane.create_service_account(namespace, "app")
    return namespace


def credentials(namespace, source):
    store = Store(kind="SecretStore", namespace=namespace, name="s", provider=FakeProvider(data=()))
    return LocalCredentials(store, namespace, (source,))


async def test_secrets_config_maps_and_tokens_come_from_the_cluster(control_plane, filled):
    async with cluster_source(str(control_plane.kubeconfig), None) as source:
        found = credentials(filled, source)
        assert await found.secret(SecretKeySelector(name="creds", key="k")) == b"from-cluster"
        assert await found.config_map(SecretKeySelector(name="creds", key="ca")) == b"text"
        token = await found.token(ServiceAccountSelector(name="app"), ("vault",))
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["aud"] == ["vault"]
    assert claims["sub"] == f"system:serviceaccount:{filled}:app"


async def test_what_the_cluster_has_not_is_named(control_plane, filled):
    async with cluster_source(str(control_plane.kubeconfig), None) as source:
        found = credentials(filled, source)
        for name, key in (("none", "k"), ("creds", "none")):
            with pytest.raises(CredentialNotFound, match=f'Secret "{filled}/{name}" with key "{key}"'):
                await found.secret(SecretKeySelector(name=name, key=key))
        with pytest.raises(CredentialNotFound, match=f'ServiceAccount "{filled}/none"'):
            await found.token(ServiceAccountSelector(name="none"), ())
        assert found.ambient("PATH") is None


async def test_a_user_without_rights_is_denied(control_plane, filled, tmp_path):
    token = control_plane.service_account_token(filled, "app")
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(control_plane.kubeconfig_for(token)))
    async with cluster_source(str(kubeconfig), None) as source:
        found = credentials(filled, source)
        with pytest.raises(AccessDenied, match="secrets"):
            await found.secret(SecretKeySelector(name="creds", key="k"))
        with pytest.raises(AccessDenied):
            await found.token(ServiceAccountSelector(name="app"), ())


async def test_a_cluster_that_does_not_answer_is_unavailable(control_plane, tmp_path):
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(control_plane.kubeconfig_for("t", url="https://127.0.0.1:1")))
    async with cluster_source(str(kubeconfig), None) as source:
        with pytest.raises(StoreUnavailable):
            await credentials("ns", source).secret(SecretKeySelector(name="creds", key="k"))


async def test_an_unusable_kubeconfig_is_a_wrong_call(tmp_path):
    with pytest.raises(WrongCall):
        async with cluster_source(str(tmp_path / "none"), None):
            pass


def test_a_store_reads_its_token_from_the_cluster(control_plane, openbao, filled):
    """From the command line, with a Vault store whose token is a Secret of the cluster."""
    openbao.enable_mount("render-kubeconfig")
    openbao.put_kv("render-kubeconfig", "db", {"password": "swordfish"})
    body = {"metadata": {"name": "vault"}, "data": {"token": base64.b64encode(openbao.token.encode()).decode()}}
    control_plane.request("POST", f"/api/v1/namespaces/{filled}/secrets", body)
    auth = {"tokenSecretRef": {"name": "vault", "key": "token"}}
    provider = {"vault": {"server": openbao.url, "path": "render-kubeconfig", "auth": auth}}
    group = {"apiVersion": "external-secrets.io/v1"}
    data = [{"secretKey": "password", "remoteRef": {"key": "db", "property": "password"}}]
    manifests = [
        {**group, "kind": "SecretStore", "metadata": {"name": "s"}, "spec": {"provider": provider}},
        {
            **group,
            "kind": "ExternalSecret",
            "metadata": {"name": "es"},
            "spec": {"secretStoreRef": {"name": "s"}, "data": data},
        },
    ]

    def render(*options):
        command = [
            sys.executable,
            "-m",
            "injector",
            "render",
            "--no-progress",
            "-",
            "-n",
            filled,
            "-o",
            "env",
            "--show-values",
        ]
        text = yaml.safe_dump_all(manifests)
        return subprocess.run([*command, *options], input=text, capture_output=True, text=True)

    with_it = render("--kubeconfig", str(control_plane.kubeconfig))
    assert (with_it.returncode, with_it.stdout, with_it.stderr) == (0, "password='swordfish'\n", "")
    without = render()
    assert without.returncode == 1
    assert f'Secret "{filled}/vault" with key "token" is not among the files' in without.stderr
    assert openbao.token not in without.stderr
