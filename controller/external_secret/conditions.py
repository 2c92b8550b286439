"""The words of the condition Ready and of the events: ESO's, to the letter. Where something failed, ESO's message is
followed by what went wrong and what to do.
"""

from __future__ import annotations

from controller.condition import Event, Ready, shortened

SYNCED = Ready("True", "SecretSynced", "secret synced")
RETAINED = Ready("True", "SecretSynced", "secret retained due to DeletionPolicy=Retain")
DELETED = Ready("True", "SecretDeleted", "secret deleted due to DeletionPolicy=Delete")
READ_BY_PODS = Ready("True", "SecretSynced", "pods read it with an identity of their own")
MISSING = Ready("True", "SecretMissing", "secret will not be created due to CreationPolicy=Merge")

NO_DATA = "could not get secret data from provider"
NOT_DELETED = "could not delete secret"
STRAYS_NOT_DELETED = "could not delete orphaned secrets"
NOT_UPDATED = "could not update secret"
IMMUTABLE = "could not update secret, target is immutable"
NOT_OWNER = "failed to take ownership of target secret"
OTHERS = "target is owned by another ExternalSecret"
GENERIC_TARGET = "invalid generic target"


def failed(message: str, detail: str) -> Ready:
    """Ready is False: ESO's message, and the detail."""
    return Ready("False", "SecretSyncedError", shortened(f"{message}: {detail}"))


def created() -> Event:
    return Event("Normal", "Created", "secret created")


def updated() -> Event:
    return Event("Normal", "Updated", "secret updated")


def deleted() -> Event:
    return Event("Normal", "Deleted", DELETED.message)


def stray_deleted() -> Event:
    return Event("Normal", "Deleted", "secret deleted because it was orphaned")


def update_failed(detail: str) -> Event:
    return Event("Warning", "UpdateFailed", shortened(detail))


def missing_at_provider(path: str, key: str) -> Event:
    """Of a step that was skipped; `path` is the entry, `spec.data[0]`."""
    at = f"{path} (key={key})" if key else path
    return Event("Normal", "MissingProviderSecret", shortened(f"secret does not exist at provider using {at}"))
