"""A provider and stores for tests of the core: real implementations of its Protocols that count what is asked."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from secretcore.errors import InvalidSpec, SecretNotFound, StoreError
from secretcore.model.declaration import Model
from secretcore.model.selectors import SecretKeySelector
from secretcore.payload import JsonPayload
from secretcore.plan import RemoteRef
from secretcore.provider import Validation
from secretcore.rendering import Rendering
from secretcore.store import Store, allows
from secretcore.testing import StaticCredentials


@dataclass(slots=True)
class Remote:
    """The backend: what it holds, what it answers with errors, what was asked of it."""

    secrets: dict[str, str] = field(default_factory=dict)
    errors: dict[str, StoreError] = field(default_factory=dict)
    listing: Mapping[str, RemoteRef] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    logins: int = 0
    open: int = 0


REMOTES: dict[str, Remote] = {}
"""By the `remote` of the provider's configuration, as a server is found by its address."""


class RecordingProvider(Model, frozen=True, kw_only=True):
    remote: str
    token: SecretKeySelector | None = None

    capabilities = "ReadOnly"

    def validate(self, context):
        return ()

    @asynccontextmanager
    async def connect(self, credentials, context):
        remote = REMOTES[self.remote]
        remote.logins += 1
        who = (await credentials.secret(self.token)).decode() if self.token else ""
        remote.open += 1
        try:
            yield RecordingClient(remote, who)
        finally:
            remote.open -= 1


@dataclass(frozen=True, slots=True)
class RecordingClient:
    remote: Remote
    who: str

    async def get_secret(self, ref):
        self.remote.asked[f"{ref.key}@{ref.version}" if ref.version else ref.key] += 1
        await asyncio.sleep(0)
        if ref.key in self.remote.errors:
            raise self.remote.errors[ref.key]
        if ref.key not in self.remote.secrets:
            raise SecretNotFound(f'secret "{ref.key}" does not exist')
        return JsonPayload(ref.key, self.remote.secrets[ref.key].replace("{who}", self.who).encode())

    async def get_all_secrets(self, find):
        self.remote.asked[f"find {find.name_regexp}"] += 1
        if "find" in self.remote.errors:
            raise self.remote.errors["find"]
        return self.remote.listing

    async def validate(self):
        return Validation()


@dataclass(slots=True)
class FixedStores:
    """Stores by name, and tokens by namespace."""

    stores: dict[str, Store]
    tokens: dict[str, bytes] = field(default_factory=dict)
    identity: str = ""
    templates: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)

    async def find(self, ref, namespace):
        if ref.name not in self.stores:
            raise InvalidSpec("", f"could not get {ref}")
        store = self.stores[ref.name]
        if not allows(store, namespace, {}):
            raise InvalidSpec("", "denied by spec.condition")
        return store

    def credentials(self, store, namespace):
        token = self.tokens.get(namespace, b"")
        return StaticCredentials({("Secret", "t", "k"): token}, identity=self.identity)

    async def template_source(self, source, namespace):
        if (source.kind, source.name) not in self.templates:
            raise InvalidSpec("spec.target.template.templateFrom", f"no {source.kind} {source.name}")
        return self.templates[source.kind, source.name]


def rendering():
    """A clock that stands, and the same randomness every time."""
    return Rendering(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), random.Random(1))


def recorded(name, **secrets):
    """A fresh backend under a name."""
    REMOTES[name] = Remote({key: str(value) for key, value in secrets.items()})
    return REMOTES[name]


def cluster_store(remote, **fields):
    provider = fields.pop("provider", RecordingProvider(remote=remote))
    return Store(kind="ClusterSecretStore", namespace="", name=fields.pop("name", "s"), provider=provider, **fields)
