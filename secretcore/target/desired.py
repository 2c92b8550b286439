"""Builds the Secret that an ExternalSecret wants: what is there, less what an earlier sync left, plus what was read.
Pure; who calls compares the result with what is there.

What an earlier sync left is known from `metadata.managedFields`, where the API server records it under our field
manager. Everything else in a Secret is others' and stays, except for the data of a Secret that is ours as a whole
(creationPolicy Owner and Orphan).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from secretcore.model.external_secret import ExternalSecret
from secretcore.names import API_VERSION, CREATED_BY_LABEL, DATA_HASH_ANNOTATION, KIND, MANAGED_LABEL, created_by
from secretcore.plan import Rendered
from secretcore.target.hashing import data_hash, field_manager
from secretcore.target.secret import Secret, refers_to

KEEPS_FOREIGN_DATA = ("Merge", "CreateOrMerge")


def desired_secret(of: ExternalSecret, rendered: Rendered, existing: Secret | None) -> Secret:
    """The whole Secret as it should be. Of an existing one it has resourceVersion and UID."""
    manifest = _start(of, existing)
    target = of.spec.target
    if target.immutable:
        manifest["immutable"] = True
    if existing is None or not target.immutable:
        owned = _owned(existing, field_manager(of.metadata.name)) if existing else {}
        _set_metadata(manifest["metadata"], owned.get("f:metadata", {}), of, rendered)
        _set_data(manifest, owned.get("f:data", {}), rendered.data, of)
        if target.template and target.template.type:
            manifest["type"] = target.template.type
    _set_owner(manifest["metadata"], of)
    _mark(manifest, of)
    return Secret(_tidy(manifest))


def metadata_only(desired: Secret, existing: Secret) -> Secret:
    """The desired Secret with the data and type of one that can't be changed any more."""
    manifest = deepcopy(dict(desired.manifest))
    for field in ("data", "type"):
        manifest.pop(field, None)
        if field in existing.manifest:
            manifest[field] = existing.manifest[field]
    manifest["metadata"]["annotations"][DATA_HASH_ANNOTATION] = data_hash(existing.data)
    return Secret(manifest)


def same(one: Secret, other: Secret) -> bool:
    """Whether writing one over the other would change nothing."""
    return _tidy(dict(one.manifest)) == _tidy(dict(other.manifest))


def same_content(one: Secret, other: Secret) -> bool:
    """Whether data and type are equal."""
    return one.data == other.data and one.manifest.get("type") == other.manifest.get("type")


def _start(of: ExternalSecret, existing: Secret | None) -> dict[str, Any]:
    if existing:
        manifest = deepcopy(dict(existing.manifest))
    else:
        metadata = {"name": of.target_name, "namespace": of.metadata.namespace}
        manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque"}
    for field in ("labels", "annotations"):
        manifest["metadata"][field] = dict(manifest["metadata"].get(field) or {})
    return manifest


def _owned(existing: Secret, manager: str) -> dict[str, Any]:
    """The fields that our updates own, as managedFields nests them."""
    owned: dict[str, Any] = {}
    for entry in existing.metadata.get("managedFields") or ():
        if entry.get("manager") == manager and not entry.get("subresource"):
            _merge(owned, entry.get("fieldsV1") or {})
    return owned


def _merge(into: dict[str, Any], fields: Mapping[str, Any]) -> None:
    for key, below in fields.items():
        _merge(into.setdefault(key, {}), below)


def _keys(owned: Mapping[str, Any]) -> Iterable[str]:
    return (field.removeprefix("f:") for field in owned if field.startswith("f:"))


def _set_metadata(metadata: dict[str, Any], owned: Mapping[str, Any], of: ExternalSecret, rendered: Rendered) -> None:
    """Without a template the ExternalSecret's own labels and annotations, with one only the template's."""
    template, own = of.spec.target.template, of.metadata
    wanted = {"labels": rendered.labels, "annotations": rendered.annotations}
    for field, ours in wanted.items():
        for key in _keys(owned.get(f"f:{field}", {})):
            metadata[field].pop(key, None)
        metadata[field] |= (ours or {}) if template else getattr(own, field)
    if template and template.metadata and not metadata.get("deletionTimestamp"):
        present = metadata.get("finalizers") or []
        metadata["finalizers"] = [*present, *(each for each in template.metadata.finalizers if each not in present)]


def _set_data(
    manifest: dict[str, Any], owned: Mapping[str, Any], fetched: Mapping[str, bytes], of: ExternalSecret
) -> None:
    foreign: dict[str, str] = {}
    if of.spec.target.creation_policy in KEEPS_FOREIGN_DATA:
        ours = set(_keys(owned))
        foreign = {key: value for key, value in (manifest.get("data") or {}).items() if key not in ours}
    encoded = {key: base64.b64encode(value).decode() for key, value in fetched.items()}
    manifest["data"] = foreign | encoded


def _set_owner(metadata: dict[str, Any], of: ExternalSecret) -> None:
    """Owner controls the Secret, so that the garbage collector removes it; the other policies don't."""
    name = of.metadata.name
    owners = metadata.get("ownerReferences") or []
    if of.spec.target.creation_policy != "Owner":
        metadata["ownerReferences"] = [
            owner for owner in owners if not (refers_to(owner, name) and owner.get("controller"))
        ]
        return
    ours = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "name": name,
        "uid": of.metadata.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    others = [owner for owner in owners if not refers_to(owner, name)]
    place = next((index for index, owner in enumerate(owners) if refers_to(owner, name)), len(others))
    metadata["ownerReferences"] = [*others[:place], ours, *others[place:]]


def _mark(manifest: dict[str, Any], of: ExternalSecret) -> None:
    labels, annotations = manifest["metadata"]["labels"], manifest["metadata"]["annotations"]
    labels[MANAGED_LABEL] = "true"
    if of.spec.target.creation_policy == "Owner":
        labels[CREATED_BY_LABEL] = created_by(of.metadata.namespace, of.metadata.name)
    else:
        labels.pop(CREATED_BY_LABEL, None)
    annotations[DATA_HASH_ANNOTATION] = data_hash(Secret(manifest).data)


def _tidy(manifest: dict[str, Any]) -> dict[str, Any]:
    """Without the empty collections that the API server does not keep."""
    metadata = {key: value for key, value in manifest["metadata"].items() if value not in ({}, [])}
    return {key: value for key, value in {**manifest, "metadata": metadata}.items() if value not in ({}, [])}
