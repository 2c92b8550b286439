"""ExternalSecrets that break one of ESO's admission rules, with ESO's message."""

from typing import Any

TEMPLATE_TYPE = "kubernetes.io/service-account-token"
_EXTRACT = {"extract": {"key": "a"}}
_FIND = {"find": {"name": {"regexp": "a"}}}
_GENERATOR = {"sourceRef": {"generatorRef": {"kind": "UUID", "name": "a"}}}
_ONE_SOURCE = "extract, find, or generatorRef cannot be set at the same time"
_UNOWNED = (
    "deletionPolicy=Delete must not be used when the controller doesn't own the secret. Please set creationPolicy=Owner"
)
_NEITHER = "either data or dataFrom should be specified"

_NOT_OWNED = 'templateFrom target="spec" is not allowed when targeting a Secret, must be one of "Data", "Annotations" or "Labels"'


def _target(**target: Any) -> dict:
    return {"dataFrom": [_EXTRACT], "target": target}


def _entry(*sources: dict) -> dict:
    return {"dataFrom": [_EXTRACT, {name: value for source in sources for name, value in source.items()}]}


def _template(**template: Any) -> dict:
    return _target(template=template)


# What the API server refuses by itself: the spec, the field that it names, the message.
REFUSED_BY_CEL = [
    ({}, "spec", _NEITHER),
    ({"data": [], "dataFrom": []}, "spec", _NEITHER),
    (_target(deletionPolicy="Delete", creationPolicy="Merge"), "spec.target", _UNOWNED),
    (_target(deletionPolicy="Delete", creationPolicy="None"), "spec.target", _UNOWNED),
    (_target(deletionPolicy="Delete", creationPolicy="CreateOrMerge"), "spec.target", _UNOWNED),
    (
        _target(deletionPolicy="Merge", creationPolicy="None"),
        "spec.target",
        "deletionPolicy=Merge must not be used with creationPolicy=None. There is no Secret to merge with",
    ),
    (_entry(), "spec.dataFrom[1]", "either extract, find, or sourceRef must be set to dataFrom"),
    (_entry(_EXTRACT, _FIND), "spec.dataFrom[1]", _ONE_SOURCE),
    (_entry(_EXTRACT, _GENERATOR), "spec.dataFrom[1]", _ONE_SOURCE),
    (_entry(_FIND, _GENERATOR), "spec.dataFrom[1]", _ONE_SOURCE),
    (
        _template(type=TEMPLATE_TYPE, metadata={"annotations": {"kubernetes.io/service-account.name": "a"}}),
        "spec.target.template",
        f'template.type="{TEMPLATE_TYPE}" with annotation "kubernetes.io/service-account.name" is not allowed',
    ),
    (
        _template(type=TEMPLATE_TYPE, templateFrom=[{"literal": "a: b"}, {"literal": "a: b", "target": "Annotations"}]),
        "spec.target.template",
        f'template.type="{TEMPLATE_TYPE}" with templateFrom target="Annotations" is not allowed',
    ),
    (
        _template(type="bootstrap.kubernetes.io/token"),
        "spec.target.template",
        'template.type="bootstrap.kubernetes.io/token" is not allowed',
    ),
]

# What CEL could say only at a cost that the API server does not grant: admitted, then refused by the reconciler.
REFUSED_LATER = [
    (
        {"data": [{"secretKey": "a", "remoteRef": {"key": "b"}}, {"secretKey": "a", "remoteRef": {"key": "c"}}]},
        "duplicate secretKey found: a",
    ),
    (
        _template(templateFrom=[{"literal": "a: b", "target": "spec"}]),
        _NOT_OWNED,
    ),
    (
        _template(type=TEMPLATE_TYPE, templateFrom=[{"literal": "a: b", "target": "aNNOTATIONS"}]),
        f'template.type="{TEMPLATE_TYPE}" with templateFrom target="Annotations" is not allowed',
    ),
]

# Neighbours of the above that ESO admits.
ADMITTED = [
    _target(deletionPolicy="Delete", creationPolicy="Orphan"),
    _target(deletionPolicy="Merge", creationPolicy="Merge"),
    _entry(_FIND, {"sourceRef": {"storeRef": {"name": "other"}}}),
    _entry(_EXTRACT, {"sourceRef": {"storeRef": {}}}),
    _entry(_GENERATOR),
    _template(type=TEMPLATE_TYPE, metadata={"annotations": {"other": "a"}, "labels": {}}),
    _template(type="Opaque", templateFrom=[{"literal": "a: b", "target": "Annotations"}]),
    _template(metadata={"annotations": {"kubernetes.io/service-account.name": "a"}}),
]


def external_secret(spec: dict, version: str = "v1", name: str = "example") -> dict:
    return {
        "apiVersion": f"external-secrets.io/{version}",
        "kind": "ExternalSecret",
        "metadata": {"name": name},
        "spec": {"secretStoreRef": {"name": "store"}} | spec,
    }
