"""The contract between the core and a secret backend. Implement it in a file under `providers/`, or in a distribution
of your own; `registry` finds it, `parse` fills it, `clients` opens it, and the suite in `testing` proves it.

**The parsed configuration is the provider**: a frozen struct (`model.declaration.Model`) for what stands under
`spec.provider.<key>`, which opens clients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Literal, Protocol, runtime_checkable

from msgspec import Struct, field

from secretcore.limits import Limits
from secretcore.model.external_secret import StoreKind
from secretcore.model.selectors import SecretKeySelector, ServiceAccountSelector
from secretcore.model.store import RetrySettings
from secretcore.needs import Need
from secretcore.payload import Payload
from secretcore.plan import Find, RemoteRef

Capabilities = Literal["ReadOnly", "WriteOnly", "ReadWrite"]
Maintenance = Literal["Maintained", "NotMaintained", "Deprecated"]


class StoreContext(Struct, frozen=True):
    """What a provider may know of the store that it is configured in, and the limits that it must keep."""

    kind: StoreKind = "SecretStore"
    namespace: str = ""
    """Namespace of the store; empty for a ClusterSecretStore."""
    name: str = ""
    retry: RetrySettings | None = None
    """None where the store does not say: the provider's own default."""
    limits: Limits = field(default_factory=Limits)


class Credentials(Protocol):
    """What a store refers to, answered by the shell: the controller asks the API server, the agent reads mounted
    files, local mode reads manifests. Namespace rules are kept behind it; a provider passes selectors on as they are.

    All methods raise `CredentialNotFound` when what is asked for is not there, `AccessDenied` when the shell may not
    have it, `StoreUnavailable` when it can't be asked now.
    """

    @property
    def identity(self) -> str:
        """Changes when an answer may have changed; part of the key under which clients and answers are shared."""

    async def secret(self, selector: SecretKeySelector) -> bytes:
        """The value of a key of a Secret."""

    async def config_map(self, selector: SecretKeySelector) -> bytes:
        """The value of a key of a ConfigMap."""

    async def token(self, selector: ServiceAccountSelector | None, audiences: Sequence[str]) -> str:
        """A token of the ServiceAccount, for these audiences; None is the identity that the shell itself runs as."""

    def ambient(self, name: str) -> str | None:
        """An environment variable that holds a credential of the shell's own identity; None where the shell does
        not lend its identity to this store.
        """


class Validation(Struct, frozen=True):
    """What a client can say about its store. A store that is known to be unusable raises a `StoreError` instead."""

    known: bool = True
    reason: str = ""
    """Why it isn't known, for a person."""


class SecretsClient(Protocol):
    """Reads from one backend with one identity. Opened by `Provider.connect`, used by many tasks at once.

    Each method raises a `StoreError` whose class says what went wrong and whose message names the key, or `InvalidSpec`
    for a request that the backend can't have; nothing else.
    """

    async def get_secret(self, ref: RemoteRef) -> Payload:
        """The whole secret at `ref.key` in `ref.version` (or what describes it, under metadataPolicy Fetch).

        `ref.property` is not looked at: the core asks the payload for it, so that all properties of a secret cost
        one read. Raises `SecretNotFound` when the backend has no such secret or version.
        """

    async def get_all_secrets(self, find: Find) -> Mapping[str, Payload | RemoteRef]:
        """The secrets that `find` means, by name: a payload where the backend answers with values, a reference where
        each still has to be read (the core does, and leaves out what vanished meanwhile).

        All pages or an error: a part is never an answer. Raises `InvalidSpec` for criteria that the backend has not.
        """

    async def validate(self) -> Validation:
        """Whether the store can be used: asks the backend as little as possible."""


class Provider(Protocol):
    """The configuration of one backend. Also a class that `msgspec.convert` can fill.

    More members may be there. Where stores are used from inside a pod: `needs` (see `Declares`), and a class variable
    `inline = True` where the configuration holds the secrets themselves. For the controller:
    `maintenance: ClassVar[Maintenance]` where nobody looks after the provider, and
    `metric_names: ClassVar[MetricNames]` where ESO's dashboards call it otherwise than by its key.
    """

    capabilities: ClassVar[Capabilities]

    def validate(self, context: StoreContext) -> Sequence[str]:
        """Checks what the schema can't. Returns warnings; raises `InvalidSpec` with a path below the provider's key."""

    def connect(self, credentials: Credentials, context: StoreContext) -> AbstractAsyncContextManager[SecretsClient]:
        """A client, logged in; leaving the context closes it and gives up what the login got."""


@runtime_checkable
class Declares(Protocol):
    """A provider that knows what it will ask `Credentials` for. One that doesn't is taken to ask for every reference in
    its configuration, a ServiceAccount's token for the reference's own audiences.
    """

    def needs(self) -> Sequence[Need]:
        """All that `connect` and the client may ask for with this configuration, of several auth methods only that
        which is used.
        """


class MetricNames(Struct, frozen=True):
    """What the series of providers' calls calls a provider and its calls, where ESO has words of its own."""

    provider: str
    calls: Mapping[str, str] = field(default_factory=dict)
    """By `login`, `get_secret`, `get_all_secrets` and `validate`."""


def metric_names_of(provider: Provider, key: str) -> MetricNames:
    """The provider's words; else its key, and the calls by their own names."""
    said: MetricNames = getattr(provider, "metric_names", None) or MetricNames(key)
    return said


def maintenance_of(provider: Provider) -> Maintenance:
    """Whether somebody looks after the provider; who says nothing does."""
    said: Maintenance = getattr(type(provider), "maintenance", "Maintained")
    return said
