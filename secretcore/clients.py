"""The open clients of one run, and what they have answered: one client per store and identity, one call per remote key.

A shell says how stores and credentials are found (`Stores`); `fetch` reads through `Clients.reader`. Every answer is
kept under who asked as whom, so that no tenant sees another's value, and errors are kept as well: a key that is not
there is asked for once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Protocol, TypeVar

from secretcore.errors import Malformed, ProviderBroken, SecretError
from secretcore.limits import Limits
from secretcore.payload import Payload
from secretcore.plan import Find, RemoteRef, StoreRef, TemplateSource
from secretcore.provider import Credentials, SecretsClient
from secretcore.store import Store

T = TypeVar("T")


class Stores(Protocol):
    """A shell's stores. Namespace rules live behind it, nowhere else."""

    async def find(self, ref: StoreRef, namespace: str) -> Store:
        """The store, if it exists and this namespace may use it now; a `SecretError` that says why not otherwise.
        Asked on every use, before any answer that is kept is looked up.
        """

    def credentials(self, store: Store, namespace: str) -> Credentials:
        """What the store's references mean for an ExternalSecret of this namespace."""

    async def template_source(self, source: TemplateSource, namespace: str) -> Mapping[str, bytes]:
        """The keys of a ConfigMap or Secret of this namespace that holds templates. Raises a `SecretError`."""


@dataclass(frozen=True, slots=True)
class ClientKey:
    """Who asks whom, as whom. Two reads share an answer only when all of it is equal."""

    store: StoreRef
    store_namespace: str
    uid: str
    generation: int
    credential_namespace: str
    """Namespace that referent credentials come from; empty where the store names its own."""
    credential_identity: str


class Clients:
    """An async context: clients opened inside are closed, logged out, on leaving it."""

    def __init__(self, stores: Stores, limits: Limits | None = None) -> None:
        self._stores = stores
        self._limits = limits or Limits()
        self._opened = Once()
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> Clients:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._opened.__aexit__(kind, error, trace)
        finally:
            await self._exits.__aexit__(kind, error, trace)

    async def template_source(self, source: TemplateSource, namespace: str) -> Mapping[str, bytes]:
        """The keys of an object that holds templates. Raises `SecretError`."""
        return await self._stores.template_source(source, namespace)

    @property
    def limits(self) -> Limits:
        """What everything read is held to."""
        return self._limits

    async def reader(self, ref: StoreRef, namespace: str) -> Reader:
        """The reader of a store for an ExternalSecret of this namespace, logged in. Raises `SecretError`."""
        store = await self._stores.find(ref, namespace)
        credentials = self._stores.credentials(store, namespace)
        key = ClientKey(
            store=store.ref,
            store_namespace=store.namespace,
            uid=store.uid,
            generation=store.generation,
            credential_namespace=namespace if store.is_referent else "",
            credential_identity=credentials.identity,
        )
        return await self._opened.once(key, lambda: self._open(store, credentials))

    async def _open(self, store: Store, credentials: Credentials) -> Reader:
        context = store.context(self._limits)
        client = await self._exits.enter_async_context(store.provider.connect(credentials, context))
        answers = await self._exits.enter_async_context(Once())
        return Reader(client, answers, self._limits)


class Reader:
    """One client with its answers. At most `Limits.concurrent_reads` reads are under way at once."""

    def __init__(self, client: SecretsClient, answers: Once, limits: Limits) -> None:
        self._client = client
        self._answers = answers
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.concurrent_reads)

    async def get(self, ref: RemoteRef) -> Payload:
        """The secret at a key and version: asked for once, whichever properties are wanted of it."""
        whole = replace(ref, property="")
        return await self._answers.once(whole, lambda: self._get(whole))

    async def find(self, find: Find) -> Mapping[str, Payload | RemoteRef]:
        """All secrets that are meant, or an error."""
        return await self._answers.once(find, lambda: self._find(find))

    async def _get(self, ref: RemoteRef) -> Payload:
        async with self._slots:
            return await self._client.get_secret(ref)

    async def _find(self, find: Find) -> Mapping[str, Payload | RemoteRef]:
        async with self._slots:
            found = await self._client.get_all_secrets(find)
        if len(found) > self._limits.find_keys:
            raise Malformed(
                f"find means {len(found)} secrets, the most is {self._limits.find_keys}",
                remedy="narrow it down by path, name or tags",
            )
        return found


class Once:
    """Runs a piece of work once per key, however many wait for it, and keeps what came of it. An async context that
    owns the tasks: one who waits may be cancelled without taking the work from the others.
    """

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[object]] = {}

    async def __aenter__(self) -> Once:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    async def once(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """What the work for this key returns, or the `SecretError` it raises."""
        if key not in self._tasks:
            self._tasks[key] = asyncio.get_running_loop().create_task(_settle(work))
        outcome = await asyncio.shield(self._tasks[key])
        if isinstance(outcome, SecretError):
            raise outcome.with_traceback(None)
        return outcome  # type: ignore[return-value]


async def _settle(work: Callable[[], Awaitable[object]]) -> object:
    try:
        return await work()
    except SecretError as error:
        return error
    except Exception as error:  # noqa: BLE001  # a provider that breaks its contract must not take the others along
        return ProviderBroken.by(error)
