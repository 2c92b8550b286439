"""Reads what a reconcile of a store needs to know: parses it, opens a client with its own credentials, asks the
backend. `reconciler` calls it, `decide` judges what comes out.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TypeVar

from controller.kinds import PUSH_SECRETS, StoreKey
from controller.secret_store.decide import NoClient, Outcome, Unusable, Validated
from controller.stores import ClusterStores
from controller.view import View
from kubecore.errors import NotFound
from kubecore.wire import Manifest
from secretcore.clients import Observe
from secretcore.errors import ProviderBroken, SecretError
from secretcore.limits import Limits
from secretcore.provider import Provider, Validation
from secretcore.store import Store

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gather:
    """Reads for one reconcile after the other."""

    view: View
    stores: ClusterStores
    limits: Limits
    observe: Observe

    async def pushes(self, key: StoreKey) -> list[Manifest]:
        """The PushSecrets that may refer to a store, live; none where the kind is not served."""
        try:
            return await self.stores.client.list(PUSH_SECRETS, key.namespace)
        except NotFound:
            return []

    async def outcome(self, key: StoreKey, manifest: Manifest) -> Outcome:
        """What becomes of an attempt to use the store."""
        try:
            store = self.stores.parse(key, manifest)
        except SecretError as error:
            return NoClient(error)
        if store.is_referent:
            # Its credentials are those of whoever uses it: nothing can be said before.
            return Validated(Validation(known=False), store.provider.capabilities)
        return await self._asked(store)

    async def _asked(self, store: Store) -> Outcome:
        try:
            return await self._ask(store)
        except Exception as error:
            log.error("validating a store broke", exc_info=error)
            return Unusable(ProviderBroken.by(error))

    def provider(self, key: StoreKey, manifest: Manifest) -> Provider | None:
        """The store's, where the manifest can be read."""
        try:
            return self.stores.parse(key, manifest).provider
        except SecretError:
            return None

    async def _ask(self, store: Store) -> Outcome:
        async with AsyncExitStack() as stack:
            credentials = self.stores.credentials(store, store.namespace)
            try:
                connection = store.provider.connect(credentials, store.context(self.limits))
                client = await self._told(store, "login", stack.enter_async_context(connection))
            except SecretError as error:
                return NoClient(error)
            try:
                validation = await self._told(store, "validate", client.validate())
            except SecretError as error:
                return Unusable(error)
            return Validated(validation, store.provider.capabilities)

    async def _told(self, store: Store, call: str, work: Awaitable[T]) -> T:
        try:
            answer = await work
        except Exception as error:
            self.observe(store, call, error)
            raise
        self.observe(store, call, None)
        return answer
