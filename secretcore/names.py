"""Labels, annotations and finalizers as ESO spells them. Pure."""

from __future__ import annotations

import hashlib

MANAGED_LABEL = "reconcile.external-secrets.io/managed"
CREATED_BY_LABEL = "reconcile.external-secrets.io/created-by"
DATA_HASH_ANNOTATION = "reconcile.external-secrets.io/data-hash"
FINALIZER = "externalsecrets.external-secrets.io/externalsecret-cleanup"
"""ESO's. This controller never adds it, and releases it."""
STORE_FINALIZER = "secretstore.externalsecrets.io/finalizer"
"""ESO's, on stores that a PushSecret has to delete from. Never added; released when no PushSecret needs the store."""
OPERATOR = "external-secrets"
"""The field manager of ESO's controller, on ExternalSecrets and stores."""
MANAGER = "external-secrets-injector"
"""Ours there. Another than ESO's, so that who wrote a status last can be told. (On Secrets both are the same.)"""
IDENTITY_ANNOTATION = "injector.external-secrets.io/identity"
"""`pod` on a store: whoever reads it does so with the identity of a pod, never with the controller's."""
IGNORE_MAINTENANCE_ANNOTATION = "external-secrets.io/ignore-maintenance-checks"
"""`true` on a store: nothing is told of a provider that nobody maintains."""
GROUP, KIND = "external-secrets.io", "ExternalSecret"
API_VERSION = f"{GROUP}/v1"


def text_hash(text: str) -> str:
    """As ESO hashes a string."""
    return hashlib.sha3_224(text.encode()).hexdigest()


def created_by(namespace: str, name: str) -> str:
    """The value of the created-by label of the Secrets that the ExternalSecret of this name owns."""
    return text_hash(f"{namespace}/{name}")
