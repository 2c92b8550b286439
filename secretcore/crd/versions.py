"""v1beta1, made of v1: without the fields and values that came later, and with the defaults that v1 gave up.

Objects are stored as v1 and converted by renaming alone, so what v1beta1 lacks is lost to whoever writes through it.
Takes schemas from `schema`, `kinds` takes what comes out. Pure.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from secretcore.crd.schema import Schema

_REMOTE_REFS = ("spec.data[].remoteRef", "spec.dataFrom[].extract")
_READS = (*_REMOTE_REFS, "spec.dataFrom[].find")

_LATER_FIELDS = (
    *(f"{read}.nullBytePolicy" for read in _READS),
    "spec.dataFrom[].rewrite[].merge",
    "spec.syncWindows",
    "spec.target.manifest",
    "spec.target.template.metadata.finalizers",
    "spec.target.template.templateFrom[].valuesDecodingStrategy",
)
_LATER_GENERATORS = ("BeyondtrustWorkloadCredentialsDynamicSecret", "CloudsmithAccessToken", "GitlabDeployToken", "MFA")
_LATER_VALUES = {
    "spec.target.creationPolicy": ("CreateOrMerge",),
    "spec.data[].sourceRef.generatorRef.kind": _LATER_GENERATORS,
    "spec.dataFrom[].sourceRef.generatorRef.kind": _LATER_GENERATORS,
}
_CHANGES: dict[str, Schema] = {
    **{f"{read}.conversionStrategy": {"default": "Default"} for read in _READS},
    **{f"{read}.decodingStrategy": {"default": "None"} for read in _READS},
    **{f"{read}.metadataPolicy": {"default": "None"} for read in _REMOTE_REFS},
    "spec.target.template.templateFrom[].target": {"enum": ["Annotations", "Data", "Labels"]},
}


def external_secret_v1beta1(v1: Schema) -> Schema:
    """The schema of an ExternalSecret in v1beta1."""
    schema = deepcopy(v1)
    for path in _LATER_FIELDS:
        parent, _, name = path.rpartition(".")
        del _at(schema, parent)["properties"][name]
    for path, later in _LATER_VALUES.items():
        node = _at(schema, path)
        node["enum"] = [value for value in node["enum"] if value not in later]
    for path, change in _CHANGES.items():
        _at(schema, path).update(change)
    del _at(schema, "status.conditions[].type")["enum"]
    return schema


def store_v1beta1(v1: Schema) -> Schema:
    """The schema of a store in v1beta1. Providers are those of v1: a field more does no harm, a field lost does."""
    schema = deepcopy(v1)
    interval = _at(schema, "spec.refreshInterval")
    for word in ("anyOf", "x-kubernetes-int-or-string"):
        del interval[word]
    interval.update(type="integer", description="How often to validate, in seconds.")
    return schema


def _at(schema: Schema, path: str) -> Schema:
    node: Any = schema
    for name in path.split("."):
        node = node["properties"][name.removesuffix("[]")]
        if name.endswith("[]"):
            node = node["items"]
    found: Schema = node
    return found
