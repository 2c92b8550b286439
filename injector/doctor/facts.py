"""What was gathered, as values: `gather_…` fill them, `judge_…` judge them. Secrets are there without their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from injector.local.manifests import Name
from secretcore.store import Store

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, and why: nothing follows from it."""

    why: str
    not_served: bool = False
    """Whether the API server does not know the kind."""


Answer = Manifest | None | Unread
"""An object, None where there is none, or why it is not known."""
Listed = Sequence[Manifest] | Unread


def known(listed: Listed) -> Sequence[Manifest]:
    """What was listed, nothing where that is not known."""
    return () if isinstance(listed, Unread) else listed


@dataclass(frozen=True, slots=True)
class CredentialRef:
    """What a store logs in with."""

    name: Name
    """A Secret, ConfigMap or ServiceAccount."""
    key: str
    path: str
    """Of the field in the store's manifest."""


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """A store as an ExternalSecret of a namespace sees it."""

    name: Name
    manifest: Answer
    parsed: Store | None = None
    wrong: str = ""
    """Why it could not be parsed, where that is so."""
    labels: Mapping[str, str] | Unread = field(default_factory=dict)
    """Of the namespace that uses it."""
    credentials: Mapping[CredentialRef, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExternalSecretFacts:
    """An ExternalSecret and what it depends on."""

    name: Name
    manifest: Answer
    events: Listed = ()
    stores: Sequence[StoreFacts] = ()
    templates: Mapping[Name, Answer] = field(default_factory=dict)
    target: Answer = None
    """Its Secret's metadata."""
    rivals: Sequence[str] = ()
    """Names of other ExternalSecrets with the same target."""


@dataclass(frozen=True, slots=True)
class Right:
    """A verb that somebody needs."""

    verb: str
    what: str
    """`secrets`, `externalsecrets/status`."""
    namespace: str


@dataclass(frozen=True, slots=True)
class WebhookFacts:
    """One webhook of a configuration, and the Service behind it."""

    configuration: Name
    webhook: Manifest
    service: Answer = None
    slices: Listed = ()


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """What all depends on."""

    definitions: Mapping[str, Answer]
    """By name: externalsecrets.external-secrets.io."""
    ours: Listed = ()
    """Deployments of this project."""
    operators: Listed = ()
    """Deployments of the External Secrets Operator."""
    leases: Listed = ()
    account: str = ""
    """The controller's ServiceAccount, `namespace/name`, where it was told."""
    missing_rights: Sequence[Right] | Unread = ()
    webhooks: Sequence[WebhookFacts] | Unread = ()


@dataclass(frozen=True, slots=True)
class PodFacts:
    """A pod, and what happened to it."""

    name: Name
    manifest: Answer
    events: Listed = ()
    refused: Listed = ()
    """Events of the namespace that say that pods could not be created."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything. `now` is the caller's clock."""

    now: datetime
    namespace: str
    cluster: ClusterFacts
    external_secrets: Sequence[ExternalSecretFacts] = ()
    pods: Sequence[PodFacts] = ()
    refused: Listed = ()
    """Events that say that pods could not be created, where the whole namespace was asked for."""
    served: bool = True
    """Whether the API server knows ExternalSecrets."""
