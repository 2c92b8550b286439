"""The kinds and their versions: names, printer columns and schemas as one CustomResourceDefinition each.

Takes the models and the classes of providers; `files` writes what comes out. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from secretcore.crd.schema import Schema, schema_of
from secretcore.crd.versions import external_secret_v1beta1, store_v1beta1
from secretcore.model.declaration import Model
from secretcore.model.external_secret import ExternalSecretSpec, ExternalSecretStatus
from secretcore.model.store import StoreSpec, StoreStatus

GROUP = "external-secrets.io"
Definition = dict[str, Any]
Providers = Mapping[str, type[Model]]

_READY = '.status.conditions[?(@.type=="Ready")]'
_EXTERNAL_SECRET_COLUMNS = (
    ("StoreType", "string", ".spec.secretStoreRef.kind"),
    ("Store", "string", ".spec.secretStoreRef.name"),
    ("Refresh Interval", "string", ".spec.refreshInterval"),
    ("Status", "string", f"{_READY}.reason"),
    ("Ready", "string", f"{_READY}.status"),
    ("Last Sync", "date", ".status.refreshTime"),
)
_STORE_COLUMNS = (
    ("AGE", "date", ".metadata.creationTimestamp"),
    ("Status", "string", f"{_READY}.reason"),
    ("Capabilities", "string", ".status.capabilities"),
    ("Ready", "string", f"{_READY}.status"),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: what tells it from the others."""

    name: str
    short_name: str
    scope: Literal["Namespaced", "Cluster"]
    description: str
    spec: type[Model]
    status: type[Model]
    columns: tuple[tuple[str, str, str], ...]
    """Name, type and JSON path of what `kubectl get` prints."""
    v1beta1: Callable[[Schema], Schema]
    selectable_fields: tuple[str, ...] = ()
    """Of v1; field selectors came after v1beta1."""

    @property
    def plural(self) -> str:
        """As in URLs."""
        return f"{self.name.lower()}s"


KINDS = (
    Kind(
        name="ExternalSecret",
        short_name="es",
        scope="Namespaced",
        description="What to read from secret managers, and the Secret that it becomes.",
        spec=ExternalSecretSpec,
        status=ExternalSecretStatus,
        columns=_EXTERNAL_SECRET_COLUMNS,
        v1beta1=external_secret_v1beta1,
        selectable_fields=(
            ".spec.secretStoreRef.name",
            ".spec.secretStoreRef.kind",
            ".spec.target.name",
            ".spec.refreshInterval",
        ),
    ),
    Kind(
        name="SecretStore",
        short_name="ss",
        scope="Namespaced",
        description="A secret manager and how to log in, for the namespace that it is in.",
        spec=StoreSpec,
        status=StoreStatus,
        columns=_STORE_COLUMNS,
        v1beta1=store_v1beta1,
    ),
    Kind(
        name="ClusterSecretStore",
        short_name="css",
        scope="Cluster",
        description="A secret manager and how to log in, for all namespaces or those that its conditions name.",
        spec=StoreSpec,
        status=StoreStatus,
        columns=_STORE_COLUMNS,
        v1beta1=store_v1beta1,
    ),
)


def definition(kind: Kind, providers: Providers) -> Definition:
    """The CustomResourceDefinition of a kind; of stores with the schemas of these providers, by their keys."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{kind.plural}.{GROUP}",
            "labels": {"external-secrets.io/component": "controller"},
        },
        "spec": {
            "group": GROUP,
            "scope": kind.scope,
            "names": {
                "kind": kind.name,
                "listKind": f"{kind.name}List",
                "plural": kind.plural,
                "singular": kind.name.lower(),
                "shortNames": [kind.short_name],
                "categories": ["external-secrets"],
            },
            "conversion": {"strategy": "None"},
            "versions": _versions(kind, _schema(kind, providers)),
        },
    }


def _versions(kind: Kind, v1: Schema) -> list[dict[str, Any]]:
    selectable = [{"jsonPath": path} for path in kind.selectable_fields]
    return [
        {
            **_version(kind, "v1", v1),
            "storage": True,
            **({"selectableFields": selectable} if selectable else {}),
        },
        {
            **_version(kind, "v1beta1", kind.v1beta1(v1)),
            "storage": False,
            "deprecated": True,
            "deprecationWarning": f"{GROUP}/v1beta1 {kind.name} is deprecated; write {GROUP}/v1 instead",
        },
    ]


def _version(kind: Kind, name: str, schema: Schema) -> dict[str, Any]:
    return {
        "name": name,
        "served": True,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": title, "type": type_name, "jsonPath": path} for title, type_name, path in kind.columns
        ],
    }


def _schema(kind: Kind, providers: Providers) -> Schema:
    spec = schema_of(kind.spec)
    if kind.spec is StoreSpec:
        known = {key: schema_of(provider) for key, provider in sorted(providers.items())}
        spec["properties"]["provider"] |= {"properties": known} if known else {}
    return {
        "description": kind.description,
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string", "description": "Group and version of this representation."},
            "kind": {"type": "string", "description": f"{kind.name}."},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": schema_of(kind.status),
        },
    }
