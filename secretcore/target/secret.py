"""The target Secret as the API server holds it. A shell reads it, `desired` changes a copy.

Values stay Base64 until somebody asks; a repr shows none.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from secretcore.names import DATA_HASH_ANNOTATION, GROUP, KIND, MANAGED_LABEL
from secretcore.target.hashing import data_hash

Manifest = Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class Secret:
    """A Secret's manifest, whole or only its metadata."""

    manifest: Manifest

    def __repr__(self) -> str:
        return f"Secret({self.namespace}/{self.name}, resourceVersion {self.resource_version or 'none'})"

    @property
    def metadata(self) -> Manifest:
        return self.manifest.get("metadata") or {}

    @property
    def name(self) -> str:
        return str(self.metadata.get("name") or "")

    @property
    def namespace(self) -> str:
        return str(self.metadata.get("namespace") or "")

    @property
    def uid(self) -> str:
        return str(self.metadata.get("uid") or "")

    @property
    def resource_version(self) -> str:
        return str(self.metadata.get("resourceVersion") or "")

    @property
    def labels(self) -> Mapping[str, str]:
        return self.metadata.get("labels") or {}

    @property
    def annotations(self) -> Mapping[str, str]:
        return self.metadata.get("annotations") or {}

    @property
    def being_deleted(self) -> bool:
        return bool(self.metadata.get("deletionTimestamp"))

    @property
    def immutable(self) -> bool:
        return bool(self.manifest.get("immutable"))

    @cached_property
    def data(self) -> Mapping[str, bytes]:
        """Decoded."""
        return {key: base64.b64decode(value or "") for key, value in (self.manifest.get("data") or {}).items()}

    @property
    def controller(self) -> Manifest | None:
        """The owner reference that says who controls it."""
        owners = self.metadata.get("ownerReferences") or ()
        return next((owner for owner in owners if owner.get("controller")), None)

    @property
    def is_intact(self) -> bool:
        """Whether it is as a sync left it: managed, and its data the one that was written."""
        return self.labels.get(MANAGED_LABEL) == "true" and self.annotations.get(DATA_HASH_ANNOTATION) == data_hash(
            self.data
        )


def is_external_secret(owner: Manifest) -> bool:
    """Whether an owner reference is to an ExternalSecret, in any version."""
    return owner.get("kind") == KIND and str(owner.get("apiVersion", "")).partition("/")[0] == GROUP


def refers_to(owner: Manifest, name: str) -> bool:
    """Whether an owner reference is to the ExternalSecret of this name. By name as ESO has it: one that was deleted
    and made again takes its Secret back.
    """
    return is_external_secret(owner) and owner.get("name") == name
