"""Which PushSecrets still need a store: ESO keeps a store until what was pushed through it could be deleted, and so
does whoever releases ESO's finalizer. Pure; `gather` lists the PushSecrets, `reconciler` obeys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from controller.condition import Event, shortened
from controller.kinds import StoreKey
from secretcore.errors import InvalidSpec
from secretcore.model.metadata import LabelSelector
from secretcore.model.reading import read
from secretcore.store import selects

Manifest = Mapping[str, Any]
NAMED = 3
"""PushSecrets that a message names."""


def needed_by(key: StoreKey, store: Manifest, pushes: Iterable[Manifest]) -> list[str]:
    """`namespace/name` of the PushSecrets that delete what they pushed, and pushed it here or mean to. A selector that
    can't be read is taken for one that selects the store.
    """
    return sorted(
        f"{push['metadata'].get('namespace', '')}/{push['metadata']['name']}"
        for push in pushes
        if (push.get("spec") or {}).get("deletionPolicy") == "Delete" and _refers(key, store, push)
    )


def kept_for(key: StoreKey, pushes: Sequence[str]) -> Event:
    """What to tell while PushSecrets need a store that is being deleted."""
    names = ", ".join(f'"{each}"' for each in pushes[:NAMED]) + (" and others" if len(pushes) > NAMED else "")
    return Event(
        "Warning",
        "PushSecretsLeft",
        shortened(
            f"{key} is kept by ESO's finalizer: PushSecret {names} has yet to take back what was pushed there, which "
            "this controller does not do | let ESO do it, or set spec.deletionPolicy to None"
        ),
    )


def unknown(error: Exception) -> Event:
    """What to tell where it can't be known whether PushSecrets need the store."""
    return Event(
        "Warning",
        "PushSecretsUnknown",
        shortened(f"it is kept by ESO's finalizer: {error} | let the controller's role do it, or take it off by hand"),
    )


def _refers(key: StoreKey, store: Manifest, push: Manifest) -> bool:
    if key.kind == "SecretStore" and push["metadata"].get("namespace") != key.namespace:
        return False
    if f"{key.kind}/{key.name}" in ((push.get("status") or {}).get("syncedPushSecrets") or {}):
        return True
    return any(_means(key, store, ref) for ref in (push.get("spec") or {}).get("secretStoreRefs") or ())


def _means(key: StoreKey, store: Manifest, ref: Manifest) -> bool:
    if (ref.get("kind") or "SecretStore") != key.kind:
        return False
    if ref.get("name"):
        return bool(ref["name"] == key.name)
    selector = ref.get("labelSelector")
    if selector is None:
        return False
    try:
        return selects(read(selector, LabelSelector), store["metadata"].get("labels") or {})
    except InvalidSpec:
        return True
