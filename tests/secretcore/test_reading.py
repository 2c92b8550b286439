"""What a person reads when a manifest does not fit its schema."""

import pytest

from secretcore.errors import InvalidSpec
from secretcore.model.external_secret import ExternalSecret
from secretcore.model.reading import read


def manifest(**spec):
    return {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "spec": spec}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        (manifest(data=[{"secretKey": "a", "remoteRef": {}}]), "spec.data[0].remoteRef.key: is required"),
        (manifest(data=[{"secretKey": 1, "remoteRef": {"key": "k"}}]), "spec.data[0].secretKey: must be a string, is an integer"),
        (manifest(data={}), "spec.data: must be a list, is a map"),
        (manifest(target={"creationPolicy": "Own"}), "spec.target.creationPolicy: must be one of CreateOrMerge, Merge, None, Orphan, Owner"),
        (manifest(dataFrom=[{"find": {"tags": {"a": 1}}}]), "spec.dataFrom[0].find.tags[...]: must be a string, is an integer"),
        (manifest(secretStoreRef={"kind": "Store"}), "spec.secretStoreRef.kind: must be one of ClusterSecretStore, SecretStore"),
        (manifest(data=[{"secretKey": "a b", "remoteRef": {"key": "k"}}]), "spec.data[0].secretKey: may have letters, digits, '-', '_' and '.' only"),
        (manifest(refreshInterval=3600), "spec.refreshInterval: must be a string, is an integer"),
        (manifest(data=[{"secretKey": "a", "remoteRef": {"key": "k"}, "sourceRef": {"storeRef": {"name": "s"}, "generatorRef": {"kind": "UUID", "name": "g"}}}]), "spec.data[0].sourceRef: must have exactly one of storeRef, generatorRef, has storeRef, generatorRef"),
        (manifest(dataFrom=[{"extract": {"key": "k"}, "rewrite": [{}]}]), "spec.dataFrom[0].rewrite[0]: must have exactly one of merge, regexp, transform, has none"),
        (manifest(secretStoreRef={"name": "A b"}), "spec.secretStoreRef.name: must be a name of lower-case letters"),
        (manifest(secretStoreRef={"name": ""}), "spec.secretStoreRef.name: must have at least 1 characters"),
        (manifest(syncWindows={"kind": "allow", "windows": []}), "spec.syncWindows.windows: must have at least 1 entries"),
        (manifest(dataFrom=[{"find": {"tags": {1: "a"}}}]), "spec.dataFrom[0].find.tags: must be a string, is an integer"),
        ({"apiVersion": "x", "kind": "Secret"}, "kind: must be one of ExternalSecret"),
    ],
)  # fmt: skip
def test_a_misfit_is_named_by_its_field(document, sentence):
    with pytest.raises(InvalidSpec) as raised:
        read(document, ExternalSecret)
    assert str(raised.value).startswith(sentence)


def test_unknown_fields_are_ignored_and_nulls_are_absent():
    assert read(manifest(ofTheFuture={"a": 1}, target=None, data=None), ExternalSecret) == read(
        manifest(), ExternalSecret
    )


def test_a_prefix_stands_before_the_path():
    with pytest.raises(InvalidSpec, match=r"^spec\.provider\.x\.kind: is required"):
        read({"apiVersion": "v1"}, ExternalSecret, "spec.provider.x")
