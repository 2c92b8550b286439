"""SecretStore and ClusterSecretStore. `spec.provider` stays raw here: the registry knows who can parse it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from secretcore.model.declaration import Duration, Int32, Model, NamespaceName
from secretcore.model.metadata import DateTime, LabelSelector, ObjectMeta

# Not a length of the type: `rules` has a better sentence for it.
ONE = {"minProperties": 1, "maxProperties": 1}


class RetrySettings(Model, frozen=True, kw_only=True):
    """How a failed call to the backend is tried again."""

    max_retries: Annotated[Int32 | None, Meta(description="Tries after the first.")] = None
    retry_interval: Annotated[Duration | None, Meta(description="Pause between tries.")] = None


class StoreCondition(Model, frozen=True, kw_only=True):
    """Namespaces that may use a ClusterSecretStore; any criterion suffices."""

    namespace_selector: LabelSelector | None = None
    namespaces: tuple[NamespaceName, ...] = ()
    namespace_regexes: Annotated[tuple[str, ...], Meta(description="RE2, unanchored.")] = ()


class StoreSpec(Model, frozen=True, kw_only=True):
    provider: Annotated[dict[str, Any], Meta(description="Exactly one provider, by its key.", extra_json_schema=ONE)]
    controller: Annotated[str, Meta(description="Class of the controller that serves this store.")] = ""
    retry_settings: RetrySettings | None = None
    refresh_interval: Annotated[
        int | str | None, Meta(description="How often to validate: seconds, or a duration.")
    ] = None
    conditions: Annotated[tuple[StoreCondition, ...], Meta(description="Who may use a ClusterSecretStore.")] = ()


class StoreStatusCondition(Model, frozen=True, kw_only=True):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: DateTime | None = None


class StoreStatus(Model, frozen=True, kw_only=True):
    capabilities: Annotated[str, Meta(description="ReadOnly, WriteOnly or ReadWrite.")] = ""
    conditions: tuple[StoreStatusCondition, ...] = ()


class SecretStore(Model, frozen=True, kw_only=True):
    """A secret manager and how to log in, for one namespace (SecretStore) or for all (ClusterSecretStore)."""

    api_version: str
    kind: Literal["SecretStore", "ClusterSecretStore"]
    metadata: ObjectMeta = ObjectMeta()
    spec: StoreSpec
    status: StoreStatus | None = None
