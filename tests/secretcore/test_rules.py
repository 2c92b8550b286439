"""ESO's admission rules for manifests: each refused by the field and in ESO's words."""

import pytest

from secretcore.errors import InvalidSpec
from secretcore.parse import parse_external_secret, parse_store, plan_external_secret
from secretcore.registry import Registry

DATA = [{"secretKey": "a", "remoteRef": {"key": "k"}}]
STORE = {"name": "s"}


def manifest(**spec):
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "es"},
        "spec": {"secretStoreRef": STORE, "data": DATA, **spec},
    }


def store(**spec):
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterSecretStore",
        "metadata": {"name": "s"},
        "spec": {"provider": {"fake": {"data": []}}, **spec},
    }


def template(**fields):
    return {"target": {"template": fields}}


NOT_OWNER = "deletionPolicy=Delete must not be used when the controller doesn't own the secret"
TOKEN, ACCOUNT = "kubernetes.io/service-account-token", "kubernetes.io/service-account.name"


@pytest.mark.parametrize(
    ("spec", "path", "reason"),
    [
        ({"target": {"creationPolicy": "Merge", "deletionPolicy": "Delete"}}, "spec.target.deletionPolicy", NOT_OWNER),
        ({"target": {"creationPolicy": "None", "deletionPolicy": "Delete"}}, "spec.target.deletionPolicy", NOT_OWNER),
        (
            {"target": {"creationPolicy": "CreateOrMerge", "deletionPolicy": "Delete"}},
            "spec.target.deletionPolicy",
            NOT_OWNER,
        ),
        (
            {"target": {"creationPolicy": "None", "deletionPolicy": "Merge"}},
            "spec.target.deletionPolicy",
            "deletionPolicy=Merge must not be used with creationPolicy=None. There is no Secret to merge with",
        ),
        ({"data": []}, "spec", "either data or dataFrom should be specified"),
        (
            {"dataFrom": [{"extract": {"key": "k"}, "find": {"name": {"regexp": "x"}}}]},
            "spec.dataFrom[0]",
            "extract, find, or generatorRef cannot be set at the same time",
        ),
        (
            {"dataFrom": [{"extract": {"key": "a"}}, {}]},
            "spec.dataFrom[1]",
            "either extract, find, or sourceRef must be set to dataFrom",
        ),
        (
            {"dataFrom": [{"extract": {"key": "a"}, "sourceRef": {}}]},
            "spec.dataFrom[0].sourceRef",
            "must have exactly one of storeRef, generatorRef, has none",
        ),
        (
            {"dataFrom": [{"sourceRef": {"storeRef": STORE}}]},
            "spec.dataFrom[0]",
            "a storeRef says where to read; extract or find must say what",
        ),
        (
            template(type=TOKEN, metadata={"annotations": {ACCOUNT: "x"}}),
            "spec.target.template.type",
            f'template.type="{TOKEN}" with annotation "{ACCOUNT}" is not allowed',
        ),
        (
            template(type=TOKEN, templateFrom=[{"literal": "a: b", "target": "annotations"}]),
            "spec.target.template.type",
            f'template.type="{TOKEN}" with templateFrom target="Annotations" is not allowed',
        ),
        (
            template(type="bootstrap.kubernetes.io/token"),
            "spec.target.template.type",
            'template.type="bootstrap.kubernetes.io/token" is not allowed',
        ),
        (
            template(templateFrom=[{"literal": "a: b", "target": "spec.replicas"}]),
            "spec.target.template.templateFrom[0].target",
            (
                'templateFrom target="spec.replicas" is not allowed when targeting a Secret, '
                'must be one of "Data", "Annotations" or "Labels"'
            ),
        ),
        ({"data": DATA * 2}, "spec.data[1].secretKey", "duplicate secretKey found: a"),
        ({"refreshInterval": "1d"}, "spec.refreshInterval", 'time: unknown unit "d" in duration "1d"'),
        (
            {"syncWindows": {"kind": "allow", "windows": [{"schedule": "@daily", "duration": "8"}]}},
            "spec.syncWindows.windows[0].duration",
            'time: missing unit in duration "8"',
        ),
    ],
)
def test_a_broken_rule_is_refused(spec, path, reason):
    with pytest.raises(InvalidSpec) as raised:
        parse_external_secret(manifest(**spec))
    assert (raised.value.path, raised.value.reason[: len(reason)]) == (path, reason)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"target": {"creationPolicy": "Owner", "deletionPolicy": "Delete"}},
        {"target": {"creationPolicy": "Orphan", "deletionPolicy": "Delete"}},
        {"target": {"creationPolicy": "Merge", "deletionPolicy": "Merge"}},
        {"data": DATA * 2, "target": {"deletionPolicy": "Delete"}},
        {"refreshInterval": "0"},
        template(type=TOKEN),
        template(templateFrom=[{"literal": "a: b", "target": "LABELS"}]),
        {
            "target": {
                "manifest": {"apiVersion": "v1", "kind": "ConfigMap"},
                "template": {"templateFrom": [{"literal": "a: b", "target": "spec.x"}]},
            }
        },
    ],
)
def test_what_eso_admits_is_admitted(spec):
    parse_external_secret(manifest(**spec))


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"secretStoreRef": None}, "spec.secretStoreRef: is required: an entry has no sourceRef of its own"),
        ({"secretStoreRef": {"kind": "SecretStore"}}, "spec.secretStoreRef.name: is required"),
        (
            {"data": [{**DATA[0], "sourceRef": {"storeRef": {"kind": "SecretStore"}}}]},
            "spec.data[0].sourceRef.storeRef.name: is required",
        ),
        (
            {"dataFrom": [{"find": {"name": {"regexp": "("}}}]},
            "spec.dataFrom[0].find.name.regexp: ",
        ),
    ],
)
def test_a_plan_that_can_not_be_made_names_the_field(spec, sentence):
    external_secret = parse_external_secret(manifest(**spec))
    with pytest.raises(InvalidSpec) as raised:
        plan_external_secret(external_secret.spec)
    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"provider": {}}, "spec.provider: must have exactly one provider, has none"),
        (
            {"provider": {"fake": {"data": []}, "aws": {}}},
            "spec.provider: must have exactly one provider, has aws, fake",
        ),
        ({"provider": {"acme": {}}}, 'spec.provider.acme: no provider "acme" is installed (installed: '),
        ({"provider": {"fake": {}}}, "spec.provider.fake.data: is required"),
        (
            {"provider": {"fake": {"data": [{"key": 1, "value": "v"}]}}},
            "spec.provider.fake.data[0].key: must be a string",
        ),
        (
            {"provider": {"fake": {"data": [{"key": "", "value": "v"}]}}},
            "spec.provider.fake.data[0].key: must not be empty",
        ),
        ({"refreshInterval": -1}, "spec.refreshInterval: must not be negative"),
        ({"refreshInterval": "soon"}, 'spec.refreshInterval: time: invalid duration "soon"'),
        ({"retrySettings": {"retryInterval": "x"}}, 'spec.retrySettings.retryInterval: time: invalid duration "x"'),
        ({"conditions": [{"namespaceRegexes": ["a", "("]}]}, "spec.conditions[0].namespaceRegexes[1]: "),
    ],
)
def test_a_broken_store_is_refused(spec, sentence):
    with pytest.raises(InvalidSpec) as raised:
        parse_store(store(**spec), Registry.installed())
    assert str(raised.value).startswith(sentence)


def test_another_group_or_version_is_refused():
    with pytest.raises(InvalidSpec, match="apiVersion: must be one of external-secrets.io/v1"):
        parse_external_secret({**manifest(), "apiVersion": "external-secrets.io/v1alpha1"})
