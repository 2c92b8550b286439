"""The stores as those see them who read: one session per store and identity, one read per remote key, shared by all.

A shell says how stores and credentials are found (`Stores`), and how long things are kept (`Keeping`): for one run, or
by a process that goes on. `fetch` reads through `Clients.reader`. Everything is kept under who asked as whom, so that
no tenant sees another's value.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Protocol
from weakref import WeakValueDictionary

from msgspec import Struct
from msgspec.structs import replace

from secretcore.answers import Answers, Begin, Monotonic
from secretcore.errors import Malformed
from secretcore.keeping import ONE_RUN, Keeping
from secretcore.limits import Limits
from secretcore.payload import Payload
from secretcore.plan import Find, RemoteRef, StoreRef, TemplateSource
from secretcore.provider import Credentials
from secretcore.sessions import Access
from secretcore.store import Store

OVERHEAD = 512
"""Bytes that an answer takes beside its values."""

Observe = Callable[[Store, str, Exception | None], None]
"""Called when a call to a backend has ended, with the store, the call (`login`, `get_secret` or `get_all_secrets`) and
what it raised.
"""


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


class Place(Struct, frozen=True):
    """A store, and whose credentials go with it."""

    store: StoreRef
    store_namespace: str
    credential_namespace: str = ""
    """Namespace that referent credentials come from; empty where the store names its own."""


class ClientKey(Struct, frozen=True):
    """Who asks whom, as whom. Two reads share a session or an answer only when all of it is equal."""

    place: Place
    uid: str
    generation: int
    credential_identity: str


def _stands_still() -> float:
    return 0.0


def _unobserved(_store: Store, _call: str, _error: Exception | None) -> None:
    return None


class Clients:
    """An async context: sessions opened inside are closed, logged out, on leaving it."""

    def __init__(
        self,
        stores: Stores,
        limits: Limits | None = None,
        *,
        keeping: Keeping = ONE_RUN,
        monotonic: Monotonic = _stands_still,
        observe: Observe = _unobserved,
    ) -> None:
        """What is kept for a time needs a clock."""
        self._stores = stores
        self._limits = limits or Limits()
        self._keeping = keeping
        self._monotonic = monotonic
        self._observe = observe
        self._answers = Answers(keeping, monotonic)
        self._accesses: OrderedDict[Place, tuple[ClientKey, Access]] = OrderedDict()  # the last one asked for last
        self._slots: WeakValueDictionary[tuple[StoreRef, str], asyncio.Semaphore] = WeakValueDictionary()
        self._left: set[Access] = set()

    async def __aenter__(self) -> Clients:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._answers.__aexit__(kind, error, trace)
        for place in list(self._accesses):
            self._retire(place)
        await asyncio.gather(*(task for access in self._left for task in access.tasks), return_exceptions=True)
        self._left.clear()

    async def template_source(self, source: TemplateSource, namespace: str) -> Mapping[str, bytes]:
        """The keys of an object that holds templates. Raises `SecretError`."""
        return await self._stores.template_source(source, namespace)

    @property
    def limits(self) -> Limits:
        """What everything read is held to."""
        return self._limits

    async def reader(self, ref: StoreRef, namespace: str, not_before: float = -math.inf) -> Reader:
        """The reader of a store for an ExternalSecret of this namespace. It takes no answer whose read began before
        `not_before`, which is a time of the `monotonic` clock. Raises `SecretError`.
        """
        store = await self._stores.find(ref, namespace)
        credentials = self._stores.credentials(store, namespace)
        place = Place(store.ref, store.namespace, namespace if store.is_referent else "")
        key = ClientKey(place, store.uid, store.generation, credentials.identity)
        return Reader(self._access(key, store, credentials), self._answers, self._limits, not_before)

    def forget(self, ref: StoreRef, store_namespace: str) -> None:
        """A store is gone: close its sessions."""
        for place in [each for each in self._accesses if (each.store, each.store_namespace) == (ref, store_namespace)]:
            self._retire(place)

    def sweep(self) -> None:
        """Close what is idle or too old, drop what may not be handed out any more. To be called from time to time."""
        self._answers.sweep()
        for place in [place for place, (_, access) in self._accesses.items() if access.sweep()]:
            self._retire(place)
        self._left = {access for access in self._left if access.tasks}

    def _access(self, key: ClientKey, store: Store, credentials: Credentials) -> Access:
        known = self._accesses.get(key.place)
        if known is not None and known[0] == key:
            self._accesses.move_to_end(key.place)
            return known[1]
        self._retire(key.place)
        context = store.context(self._limits)
        access = Access(
            lambda: store.provider.connect(credentials, context),
            self._slots_of(key.place),
            self._keeping,
            self._monotonic,
            lambda call, error: self._observe(store, call, error),
        )
        self._accesses[key.place] = key, access
        while len(self._accesses) > self._keeping.sessions:
            self._retire(next(iter(self._accesses)))
        return access

    def _retire(self, place: Place) -> None:
        """Close its session once the reads under way have ended."""
        if known := self._accesses.pop(place, None):
            known[1].retire()
            self._left.add(known[1])

    def _slots_of(self, place: Place) -> asyncio.Semaphore:
        """Shared by all identities that read a store."""
        where = place.store, place.store_namespace
        slots = self._slots.get(where)
        if slots is None:
            slots = self._slots[where] = asyncio.Semaphore(self._limits.concurrent_reads)
        return slots


class Reader(Struct, frozen=True):
    """One store as one identity, for one pass."""

    access: Access
    answers: Answers
    limits: Limits
    not_before: float = -math.inf

    async def get(self, ref: RemoteRef) -> Payload:
        """The secret at a key and version: asked for once, whichever properties are wanted of it."""
        whole = replace(ref, property="") if ref.property else ref

        async def read(begin: Begin) -> Payload:
            return await self.access.ask("get_secret", lambda client: client.get_secret(whole), begin)

        return await self.answers.get((self.access, whole), read, lambda it: _size([it]), self.not_before)

    async def find(self, find: Find) -> Mapping[str, Payload | RemoteRef]:
        """All secrets that are meant, or an error."""

        async def read(begin: Begin) -> Mapping[str, Payload | RemoteRef]:
            found = await self.access.ask("get_all_secrets", lambda client: client.get_all_secrets(find), begin)
            if len(found) > self.limits.find_keys:
                raise Malformed(
                    f"find means {len(found)} secrets, the most is {self.limits.find_keys}",
                    remedy="narrow it down by path, name or tags",
                )
            return found

        return await self.answers.get((self.access, find), read, lambda it: _size(it.values()), self.not_before)


def _size(found: Iterable[Payload | RemoteRef]) -> int:
    """About how many bytes an answer takes."""
    return sum(OVERHEAD + (0 if isinstance(each, RemoteRef) else len(each.value(""))) for each in found)
