"""ExternalSecrets, Secrets and outcomes for the tables, in few words."""

import base64
from datetime import UTC, datetime

from controller.external_secret.subject import Subject
from controller.timestamps import print_time
from secretcore.model.external_secret import ExternalSecret
from secretcore.model.reading import read
from secretcore.plan import Rendered
from secretcore.secret_data import SecretData
from secretcore.target.hashing import data_hash, field_manager, text_hash
from secretcore.target.secret import Secret

NOON = datetime(2026, 8, 8, 12, 0, tzinfo=UTC)
UID = "1f0b6c5e-0000-4000-8000-000000000001"
MANAGED, CREATED_BY = "reconcile.external-secrets.io/managed", "reconcile.external-secrets.io/created-by"
DATA_HASH = "reconcile.external-secrets.io/data-hash"
MINE = text_hash("team/db")


def subject(*, target=None, status=None, labels=None, annotations=None, metadata=None, name="db", **spec):
    """ExternalSecret team/db with Secret db."""
    manifest = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {
            "name": name,
            "namespace": "team",
            "uid": UID,
            "generation": 1,
            "resourceVersion": "10",
            "labels": labels or {},
            "annotations": annotations or {},
            **(metadata or {}),
        },
        "spec": {
            "secretStoreRef": {"name": "store"},
            "refreshInterval": "1h",
            "target": target or {},
            "data": [{"secretKey": "password", "remoteRef": {"key": "db"}}],
            **spec,
        },
    }
    if status is not None:
        manifest["status"] = status
    return Subject(manifest, read(manifest, ExternalSecret))


def synced(of, at=NOON, **status):
    """The same ExternalSecret, synced at a time."""
    status = {
        "refreshTime": print_time(at),
        "syncedResourceVersion": of.version,
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "SecretSynced",
                "message": "secret synced",
                "lastTransitionTime": print_time(at),
            }
        ],
        "binding": {"name": of.target_name},
        **status,
    }
    manifest = {**of.manifest, "status": {key: value for key, value in status.items() if value is not None}}
    return Subject(manifest, read(manifest, ExternalSecret))


def encoded(data):
    return {key: base64.b64encode(value).decode() for key, value in data.items()}


def owner(name="db", uid=UID, kind="ExternalSecret", version="external-secrets.io/v1", **more):
    return {
        "apiVersion": version,
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
        **more,
    }


def fields_of(manager, *, data=(), labels=(), annotations=()):
    """An entry of managedFields."""
    metadata = {
        f"f:{field}": {f"f:{key}": {} for key in keys}
        for field, keys in (("labels", labels), ("annotations", annotations))
        if keys
    }
    fields = {"f:data": {f"f:{key}": {} for key in data}} if data else {}
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields | ({"f:metadata": metadata} if metadata else {}),
    }


def secret(data=None, *, name="db", labels=None, annotations=None, owners=(), fields=(), metadata=None, **manifest):
    """Secret team/db as an API server holds it."""
    return Secret(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {
                "name": name,
                "namespace": "team",
                "uid": f"uid-of-{name}",
                "resourceVersion": "77",
                **({"labels": labels} if labels else {}),
                **({"annotations": annotations} if annotations else {}),
                **({"ownerReferences": list(owners)} if owners else {}),
                **({"managedFields": list(fields)} if fields else {}),
                **(metadata or {}),
            },
            **({"data": encoded(data)} if data else {}),
            **manifest,
        }
    )


def owned(data, **more):
    """Secret team/db as a sync with creationPolicy Owner left it."""
    data = dict(data)
    return secret(
        data,
        labels={MANAGED: "true", CREATED_BY: MINE},
        annotations={DATA_HASH: data_hash(data)},
        owners=[owner()],
        fields=[fields_of(field_manager("db"), data=data, labels=[MANAGED, CREATED_BY], annotations=[DATA_HASH])],
        **more,
    )


def fetched(missing=(), **data):
    return Rendered(SecretData({key: value.encode() for key, value in data.items()}), tuple(missing), nothing=not data)
