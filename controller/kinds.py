"""The kinds that this controller serves, as the API server serves them, and the names of one object of them."""

from __future__ import annotations

from dataclasses import dataclass

from kubecore.resources import Resource
from secretcore.model.external_secret import StoreKind
from secretcore.plan import StoreRef

EXTERNAL_SECRETS = Resource("external-secrets.io", "v1", "externalsecrets", "ExternalSecret")
SECRET_STORES = Resource("external-secrets.io", "v1", "secretstores", "SecretStore")
CLUSTER_SECRET_STORES = Resource(
    "external-secrets.io", "v1", "clustersecretstores", "ClusterSecretStore", namespaced=False
)
PUSH_SECRETS = Resource("external-secrets.io", "v1alpha1", "pushsecrets", "PushSecret")
"""ESO's; read where a store that is being deleted may still be needed by them."""


@dataclass(frozen=True, slots=True, order=True)
class StoreKey:
    """One store. `namespace` is empty for a ClusterSecretStore."""

    kind: StoreKind
    namespace: str
    name: str

    @property
    def resource(self) -> Resource:
        return SECRET_STORES if self.kind == "SecretStore" else CLUSTER_SECRET_STORES

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"'


def store_key(ref: StoreRef, namespace: str) -> StoreKey:
    """The store that a reference in an ExternalSecret of this namespace means."""
    return StoreKey(ref.kind, namespace if ref.kind == "SecretStore" else "", ref.name)
