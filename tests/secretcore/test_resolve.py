"""From a manifest to its data: merge order, what is missing, what fails."""

import pytest

from secretcore.clients import Clients
from secretcore.errors import FetchFailed, InvalidSpec, SecretNotFound
from secretcore.parse import parse_external_secret
from secretcore.resolve import resolve
from tests.secretcore.recording import FixedStores, cluster_store, recorded, rendering


def external_secret(spec):
    return parse_external_secret(
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "spec": {"secretStoreRef": {"name": "s", "kind": "ClusterSecretStore"}, **spec},
        }
    ).spec


async def data_of(spec, **secrets):
    recorded("resolve", **secrets)
    recorded("other", k="other")
    stores = FixedStores({"s": cluster_store("resolve"), "t": cluster_store("other", name="t")})
    async with Clients(stores) as clients:
        return await resolve(external_secret(spec), "ns", clients, rendering())


def get(secret_key, key, **ref):
    return {"secretKey": secret_key, "remoteRef": {"key": key, **ref}}


def extract(key, **ref):
    return {"extract": {"key": key, **ref}}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"data": [get("a", "text")]}, {"a": b"plain"}),
        ({"data": [get("a", "obj", property="x")]}, {"a": b"1"}),
        ({"dataFrom": [extract("obj")]}, {"x": b"1", "y": b"2"}),
        ({"dataFrom": [extract("obj", property="deep")], "data": []}, {"x": b"1", "y": b"2"}),
        ({"dataFrom": [extract("obj"), extract("later")]}, {"x": b"L", "y": b"2"}),
        ({"dataFrom": [extract("later"), extract("obj")]}, {"x": b"1", "y": b"2"}),
        ({"dataFrom": [extract("obj")], "data": [get("x", "text")]}, {"x": b"plain", "y": b"2"}),
        ({"dataFrom": [extract("odd")]}, {"a_b": b"1"}),
        ({"dataFrom": [extract("odd", conversionStrategy="Unicode")]}, {"a_U002f_b": b"1"}),
        ({"data": [get("a", "b64", decodingStrategy="Base64")]}, {"a": b"foo"}),
        (
            {"data": [{**get("a", "k"), "sourceRef": {"storeRef": {"name": "t", "kind": "ClusterSecretStore"}}}]},
            {"a": b"other"},
        ),
    ],
)
async def test_what_becomes_of_a_manifest(spec, expected):
    secrets = {
        "text": "plain",
        "obj": '{"x":"1","y":"2"}',
        "later": '{"x":"L"}',
        "odd": '{"a/b":"1","":"dropped"}',
        "b64": "Zm9v",
    }
    if "property" in str(spec) and "deep" in str(spec):
        secrets["obj"] = '{"deep":{"x":"1","y":"2"}}'
    assert dict((await data_of(spec, **secrets)).data) == expected


async def test_a_missing_secret_is_a_failure_under_retain():
    with pytest.raises(FetchFailed) as raised:
        await data_of({"data": [get("a", "none")]})
    (failure,) = raised.value.failures
    assert str(failure) == 'spec.data[0]: secret "none" does not exist'
    assert isinstance(failure.error, SecretNotFound)


@pytest.mark.parametrize("policy", ["Delete", "Merge"])
async def test_a_missing_secret_is_left_out_under_the_other_policies(policy):
    rendered = await data_of(
        {"data": [get("a", "none"), get("b", "text")], "target": {"deletionPolicy": policy}}, text="plain"
    )
    assert dict(rendered.data) == {"b": b"plain"}
    assert [missing.step.path for missing in rendered.missing] == ["spec.data[0]"]


async def test_a_missing_property_is_a_failure_under_every_policy():
    with pytest.raises(FetchFailed, match='property "z" does not exist in secret "obj"'):
        await data_of({"data": [get("a", "obj", property="z")], "target": {"deletionPolicy": "Delete"}}, obj="{}")


async def test_every_failure_is_told_with_its_field():
    with pytest.raises(FetchFailed) as raised:
        await data_of(
            {
                "dataFrom": [extract("none"), extract("text"), extract("bad")],
                "data": [get("a", "b64", decodingStrategy="Base64"), get("b", "text")],
            },
            text="plain",
            bad='{"a b":"1","a/b":"2"}',
            b64="!",
        )
    assert [failure.path for failure in raised.value.failures] == [
        "spec.dataFrom[0].extract",
        "spec.dataFrom[1].extract",
        "spec.dataFrom[2].extract",
        "spec.data[0]",
    ]
    assert "plain" not in str(raised.value)


async def test_a_store_that_is_not_there_is_named():
    with pytest.raises(FetchFailed, match=r'spec\.data\[0\]: could not get SecretStore "nope"'):
        await data_of({"secretStoreRef": {"name": "nope"}, "data": [get("a", "k")]})


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (
            {"dataFrom": [{"sourceRef": {"generatorRef": {"kind": "UUID", "name": "u"}}}]},
            "spec.dataFrom[0].sourceRef.generatorRef",
        ),
    ],
)
async def test_what_is_not_supported_yet_is_refused_by_its_field_before_anything_is_read(spec, path):
    with pytest.raises(InvalidSpec) as raised:
        await data_of(spec)
    assert raised.value.path == path
