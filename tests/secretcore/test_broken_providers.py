"""A provider that breaks its contract fails its own steps, and shows nothing of what it raised."""

import asyncio
from importlib.metadata import EntryPoint

import pytest

from secretcore.clients import Clients
from secretcore.errors import FetchFailed, InvalidSpec, ProviderBroken
from secretcore.model.declaration import Model
from secretcore.model.selectors import SecretKeySelector
from secretcore.parse import parse_external_secret, parse_store
from secretcore.registry import Registry
from secretcore.resolve import resolve
from tests.secretcore.recording import FixedStores, RecordingProvider, cluster_store, recorded, rendering


def spec(key):
    return parse_external_secret(
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "spec": {
                "secretStoreRef": {"name": "s", "kind": "ClusterSecretStore"},
                "data": [{"secretKey": "a", "remoteRef": {"key": key}}],
            },
        }
    ).spec


async def test_what_it_raises_is_named_by_its_class_only_and_others_go_on():
    remote = recorded("broken", good="v")
    remote.errors["bad"] = KeyError("canary")
    async with Clients(FixedStores({"s": cluster_store("broken")})) as clients:
        bad, good = await asyncio.gather(
            resolve(spec("bad"), "ns", clients, rendering()),
            resolve(spec("good"), "ns", clients, rendering()),
            return_exceptions=True,
        )
    assert dict(good.data) == {"a": b"v"}
    assert str(bad) == "spec.data[0]: the provider failed with KeyError"
    assert isinstance(bad.failures[0].error, ProviderBroken)


async def test_a_payload_that_is_none_fails_its_step():
    class Nothing:
        async def __aenter__(self):
            return self

        async def __aexit__(self, *_):
            pass

        async def get_secret(self, ref):
            return None

    class NothingProvider(Model, frozen=True, kw_only=True):
        def connect(self, credentials, context):
            return Nothing()

    store = cluster_store("none", provider=NothingProvider())
    async with Clients(FixedStores({"s": store})) as clients:
        with pytest.raises(FetchFailed, match="the provider failed with AttributeError"):
            await resolve(spec("k"), "ns", clients, rendering())


@pytest.mark.parametrize("value", ["no.such.module:Provider", "secretcore.provider:NoSuchClass"])
def test_a_provider_that_can_not_be_loaded_is_said(value):
    registry = Registry({"acme": EntryPoint("acme", value, "g")})
    store = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": {"name": "s"},
        "spec": {"provider": {"acme": {}}},
    }
    with pytest.raises(InvalidSpec, match=r'spec.provider.acme: the provider "acme" can.t be loaded'):
        parse_store(store, registry)


class ManyLogins(Model, frozen=True, kw_only=True):
    by_name: dict[str, SecretKeySelector] = {}
    listed: list[SecretKeySelector] = []


@pytest.mark.parametrize(
    "fields",
    [{"by_name": {"a": SecretKeySelector(name="t", key="k")}}, {"listed": [SecretKeySelector(name="t", key="k")]}],
)
def test_credentials_in_maps_and_lists_count_as_those_of_the_user(fields):
    assert cluster_store("x", provider=ManyLogins(**fields)).is_referent
    assert not cluster_store("x", provider=RecordingProvider(remote="x")).is_referent
