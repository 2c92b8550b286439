"""Labels, annotations and finalizers as ESO spells them."""

from __future__ import annotations

MANAGED_LABEL = "reconcile.external-secrets.io/managed"
CREATED_BY_LABEL = "reconcile.external-secrets.io/created-by"
DATA_HASH_ANNOTATION = "reconcile.external-secrets.io/data-hash"
FINALIZER = "externalsecrets.external-secrets.io/externalsecret-cleanup"
"""ESO's. This controller never adds it, and releases it."""
IDENTITY_ANNOTATION = "injector.external-secrets.io/identity"
"""`pod` on a store: whoever reads it does so with the identity of a pod, never with the controller's."""
IGNORE_MAINTENANCE_ANNOTATION = "external-secrets.io/ignore-maintenance-checks"
"""`true` on a store: nothing is told of a provider that nobody maintains."""
GROUP, KIND = "external-secrets.io", "ExternalSecret"
API_VERSION = f"{GROUP}/v1"
