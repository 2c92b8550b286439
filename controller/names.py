"""Labels, annotations and finalizers as ESO spells them."""

from __future__ import annotations

MANAGED_LABEL = "reconcile.external-secrets.io/managed"
CREATED_BY_LABEL = "reconcile.external-secrets.io/created-by"
DATA_HASH_ANNOTATION = "reconcile.external-secrets.io/data-hash"
FINALIZER = "externalsecrets.external-secrets.io/externalsecret-cleanup"
"""ESO's. This controller never adds it, and releases it."""
GROUP, KIND = "external-secrets.io", "ExternalSecret"
API_VERSION = f"{GROUP}/v1"
