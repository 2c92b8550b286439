"""A secret backend in memory that tests can change, break and hold up, and the work that reads from it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from injector.agent.subject import subject_of
from injector.agent.work import Work
from secretcore.errors import SecretError, SecretNotFound
from secretcore.model.declaration import Model
from secretcore.payload import JsonPayload, Payload
from secretcore.plan import Find, RemoteRef, StoreRef, TemplateSource
from secretcore.provider import Credentials, StoreContext, Validation
from secretcore.store import Store
from secretcore.testing import StaticCredentials


@dataclass
class Backend:
    """Values are JSON objects by key. It is its own `Stores`, and its own client."""

    values: dict[str, bytes] = field(default_factory=dict)
    errors: dict[str, SecretError] = field(default_factory=dict)
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    """Keys that are answered only once the event is set."""
    sources: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    sessions: int = 0

    async def find(self, ref: StoreRef, namespace: str) -> Store:
        return Store(kind="SecretStore", namespace=namespace, name=ref.name, provider=_Provider(self))

    def credentials(self, store: Store, namespace: str) -> Credentials:
        return StaticCredentials()

    async def template_source(self, source: TemplateSource, namespace: str) -> Mapping[str, bytes]:
        return self.sources[source.name]

    async def get_secret(self, ref: RemoteRef) -> Payload:
        self.calls[ref.key] += 1
        if ref.key in self.held:
            await self.held[ref.key].wait()
        if ref.key in self.errors:
            raise self.errors[ref.key]
        if ref.key not in self.values:
            raise SecretNotFound(f"there is no {ref.key}")
        return JsonPayload(ref.key, self.values[ref.key])

    async def get_all_secrets(self, find: Find) -> Mapping[str, Payload | RemoteRef]:
        return {key: JsonPayload(key, value) for key, value in self.values.items() if key.startswith(find.path or "")}

    async def validate(self) -> Validation:
        return Validation()


class _Provider(Model, frozen=True):
    capabilities: ClassVar = "ReadOnly"
    backend: Any

    def validate(self, context: StoreContext) -> Sequence[str]:
        return ()

    @asynccontextmanager
    async def connect(self, credentials: Credentials, context: StoreContext) -> AsyncIterator[Backend]:
        self.backend.sessions += 1
        yield self.backend


def external_secret(name: str, key: str | None = None, **spec: Any) -> dict[str, Any]:
    """One that reads all members of the object at a key (its own name unless said)."""
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "secretStoreRef": {"name": "s"},
            "refreshInterval": "1h",
            "dataFrom": [{"extract": {"key": key or name}}],
            **spec,
        },
    }


def work(backend: Backend, *manifests: Mapping[str, Any], form: Any = "files", stores: str = "", **more: Any) -> Work:
    """The work that a hand-off with these ExternalSecrets would be."""
    subjects = tuple(subject_of(manifest, "shop", form, stores) for manifest in manifests)
    return Work(subjects, backend, **{"file_mode": 0o444, "mount_path": "/secrets", "deadline": 60.0, **more})
