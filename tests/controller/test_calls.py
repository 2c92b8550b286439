"""How calls of backends are named in `externalsecret_provider_api_calls_count`."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from controller.calls import SERIES, ProviderCalls
from secretcore.parse import parse_store
from secretcore.registry import Registry
from tests.controller.series import samples

VAULT = {"server": "https://vault", "path": "secret"}
AWS = {"service": "SecretsManager", "region": "eu-central-1"}


def store(key, provider):
    manifest = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": "store", "namespace": "team"},
        "spec": {"provider": {key: provider}},
    }
    return parse_store(manifest, Registry.installed())


@pytest.mark.parametrize(
    ("key", "provider", "call", "named"),
    [
        ("vault", VAULT, "login", ("HashiCorp/Vault", "Login")),
        ("vault", VAULT, "get_secret", ("HashiCorp/Vault", "ReadSecretData")),
        ("vault", VAULT, "get_all_secrets", ("HashiCorp/Vault", "ListSecrets")),
        ("aws", AWS, "get_secret", ("AWS/SecretsManager", "GetSecretValue")),
        ("aws", AWS, "login", ("AWS/SecretsManager", "login")),
        ("fake", {"data": []}, "get_secret", ("fake", "get_secret")),
    ],
)
def test_a_call_has_esos_name_where_eso_has_one(key, provider, call, named):
    calls, registry = ProviderCalls(), CollectorRegistry()
    registry.register(calls)
    for error in (None, ValueError(), None):
        calls.count(store(key, provider), call, error)
    found = samples(generate_latest(registry).decode(), SERIES)
    labels = dict(zip(("provider", "call"), named, strict=True))
    assert found == [(labels | {"status": "error"}, 1), (labels | {"status": "success"}, 2)]
