"""v1beta1 beside v1: what it lacks, and what it fills in."""

import json

import pytest

from secretcore.crd.kinds import KINDS, definition
from tests.crd.reference import schema
from tests.crd.structural import admitted, errors
from tests.crd.violations import external_secret

ES, SS = (definition(kind, {}) for kind in KINDS[:2])
READ = {"conversionStrategy": "Default", "decodingStrategy": "None"}
SPEC = {
    "data": [{"secretKey": "a", "remoteRef": {"key": "k"}}],
    "dataFrom": [{"extract": {"key": "k"}}, {"find": {"path": "p"}}],
    "target": {"template": {"templateFrom": [{"literal": "a: b"}]}},
}


def stored(spec: dict, version: str) -> dict:
    return admitted(external_secret(spec, version), schema(ES, version))["spec"]


def refusals(spec: dict, version: str) -> list[str]:
    of_version = schema(ES, version)
    return list(errors(admitted(external_secret(spec, version), of_version), of_version))


def test_v1_leaves_strategies_unsaid():
    spec = stored(SPEC, "v1")
    assert spec["data"] == SPEC["data"]
    assert spec["dataFrom"] == SPEC["dataFrom"]


def test_v1beta1_fills_them_in():
    spec = stored(SPEC, "v1beta1")
    assert spec["data"][0]["remoteRef"] == {"key": "k", "metadataPolicy": "None", **READ}
    assert spec["dataFrom"][0]["extract"] == {"key": "k", "metadataPolicy": "None", **READ}
    assert spec["dataFrom"][1]["find"] == {"path": "p", **READ}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_both_fill_in_policies_interval_and_template(version):
    spec = stored(SPEC, version)
    assert spec["refreshInterval"] == "1h0m0s"
    assert spec["target"]["creationPolicy"] == "Owner"
    assert spec["target"]["deletionPolicy"] == "Retain"
    assert spec["target"]["template"] == {
        "engineVersion": "v2",
        "mergePolicy": "Replace",
        "templateFrom": [{"literal": "a: b", "target": "Data"}],
    }


@pytest.mark.parametrize(
    ("field", "later"),
    [
        ("syncWindows", {"syncWindows": {"kind": "deny", "windows": [{"schedule": "@daily", "duration": "1h"}]}}),
        ("manifest", {"target": {"manifest": {"apiVersion": "v1", "kind": "ConfigMap"}}}),
        ("finalizers", {"target": {"template": {"metadata": {"finalizers": ["a"]}}}}),
        ("valuesDecodingStrategy", {"target": {"template": {"templateFrom": [{"valuesDecodingStrategy": "Auto"}]}}}),
        ("nullBytePolicy", {"data": [{"secretKey": "a", "remoteRef": {"key": "k", "nullBytePolicy": "Fail"}}]}),
        ("nullBytePolicy", {"dataFrom": [{"extract": {"key": "k", "nullBytePolicy": "Fail"}}]}),
        ("nullBytePolicy", {"dataFrom": [{"find": {"nullBytePolicy": "Fail"}}]}),
    ],
)
def test_v1beta1_drops_what_came_later(field, later):
    assert field in json.dumps(stored(later, "v1"))
    assert field not in json.dumps(stored(later, "v1beta1"))


@pytest.mark.parametrize(
    ("later", "refusal"),
    [
        ({"target": {"creationPolicy": "CreateOrMerge"}}, ".spec.target.creationPolicy"),
        (
            {"target": {"template": {"templateFrom": [{"target": "spec.x"}]}}},
            ".spec.target.template.templateFrom[0].target",
        ),
        (
            {"dataFrom": [{"sourceRef": {"generatorRef": {"kind": "MFA", "name": "a"}}}]},
            ".spec.dataFrom[0].sourceRef.generatorRef.kind",
        ),
        (
            {"dataFrom": [{"rewrite": [{"merge": {}}]}]},
            ".spec.dataFrom[0].rewrite[0]: is too short",
        ),
    ],
)
def test_v1beta1_refuses_values_that_came_later(later, refusal):
    assert refusals(later, "v1") == []
    assert [each[: len(refusal)] for each in refusals(later, "v1beta1")] == [refusal]


@pytest.mark.parametrize(
    ("interval", "in_v1", "in_v1beta1"), [(60, True, True), ("1m", True, False), (True, False, False)]
)
def test_the_interval_of_a_store_is_a_number_in_v1beta1(interval, in_v1, in_v1beta1):
    store = {"spec": {"provider": {"any": {}}, "refreshInterval": interval}}
    accepted = [not list(errors(store, schema(SS, version))) for version in ("v1", "v1beta1")]
    assert accepted == [in_v1, in_v1beta1]
