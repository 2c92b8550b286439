"""The core without I/O: provider calls that are shared, and what one ExternalSecret costs to parse, plan and render."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import SystemRandom

from secretcore.clients import Clients
from secretcore.fetch import fetch
from secretcore.limits import Limits
from secretcore.model.declaration import Model
from secretcore.parse import parse_external_secret, plan_external_secret
from secretcore.payload import JsonPayload, Payload
from secretcore.plan import Find, RemoteRef, StoreRef, TemplateSource
from secretcore.provider import Credentials, StoreContext, Validation
from secretcore.render import render
from secretcore.rendering import Rendering
from secretcore.resolve import resolve
from secretcore.store import Store
from secretcore.testing import StaticCredentials

EXTERNAL_SECRETS, KEYS = 1_000, 100


class CountingProvider(Model, frozen=True, kw_only=True):
    capabilities = "ReadOnly"

    def validate(self, context: StoreContext) -> Sequence[str]:
        return ()

    @asynccontextmanager
    async def connect(self, credentials: Credentials, context: StoreContext) -> AsyncIterator[CountingClient]:
        yield CLIENT


@dataclass
class CountingClient:
    calls: Counter[str] = field(default_factory=Counter)

    async def get_secret(self, ref: RemoteRef) -> Payload:
        self.calls[ref.key] += 1
        await asyncio.sleep(0)
        return JsonPayload(ref.key, b'{"username":"app","password":"0123456789abcdef"}')

    async def get_all_secrets(self, find: Find) -> Mapping[str, Payload | RemoteRef]:
        return {}

    async def validate(self) -> Validation:
        return Validation()


CLIENT = CountingClient()
STORE = Store(kind="ClusterSecretStore", namespace="", name="bench", provider=CountingProvider())


class OneStore:
    async def find(self, ref: StoreRef, namespace: str) -> Store:
        return STORE

    def credentials(self, store: Store, namespace: str) -> Credentials:
        return StaticCredentials()

    async def template_source(self, source: TemplateSource, namespace: str) -> Mapping[str, bytes]:
        return {}


def rendering() -> Rendering:
    return Rendering(datetime.now(UTC), SystemRandom())


def manifest(number: int) -> dict[str, object]:
    ref = {"key": f"key-{number % KEYS}"}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": f"es-{number}", "namespace": f"ns-{number % 10}"},
        "spec": {
            "secretStoreRef": {"name": "bench", "kind": "ClusterSecretStore"},
            "data": [
                {"secretKey": "username", "remoteRef": {**ref, "property": "username"}},
                {"secretKey": "password", "remoteRef": {**ref, "property": "password"}},
            ],
            "dataFrom": [{"extract": ref}],
        },
    }


def per_external_secret(seconds: float) -> str:
    return f"{seconds / EXTERNAL_SECRETS * 1e6:8.1f} µs per ExternalSecret"


async def main() -> None:
    manifests = [manifest(number) for number in range(EXTERNAL_SECRETS)]

    started = time.perf_counter()
    parsed = [parse_external_secret(each) for each in manifests]
    parsing = time.perf_counter() - started

    started = time.perf_counter()
    plans = [plan_external_secret(each.spec) for each in parsed]
    planning = time.perf_counter() - started

    async with Clients(OneStore()) as clients:
        started = time.perf_counter()
        await asyncio.gather(*(resolve(each.spec, each.metadata.namespace, clients, rendering()) for each in parsed))
        resolving = time.perf_counter() - started
        outcomes = [await fetch(plan, clients, "ns-0") for plan in plans]

    limits = Limits()
    started = time.perf_counter()
    for plan, outcome in zip(plans, outcomes, strict=True):
        render(plan, outcome, limits, rendering(), {})
    took = time.perf_counter() - started

    print(f"provider calls     {sum(CLIENT.calls.values()):8d} for {EXTERNAL_SECRETS} ExternalSecrets, {KEYS} keys")
    print(f"parse              {per_external_secret(parsing)}")
    print(f"plan               {per_external_secret(planning)}")
    print(f"render             {per_external_secret(took)}")
    print(f"plan+fetch+render  {per_external_secret(resolving)} (no network)")


if __name__ == "__main__":
    asyncio.run(main())
