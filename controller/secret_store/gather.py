"""Reads what a reconcile of a store needs to know: parses it, opens a client with its own credentials, asks the
backend. `reconciler` calls it, `decide` judges what comes out.
"""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass

from controller.kinds import StoreKey
from controller.secret_store.decide import NoClient, Outcome, Unusable, Validated
from controller.stores import ClusterStores
from controller.view import View
from kubecore.wire import Manifest
from secretcore.errors import ProviderBroken, SecretError
from secretcore.limits import Limits
from secretcore.provider import Validation
from secretcore.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gather:
    """Reads for one reconcile after the other."""

    view: View
    stores: ClusterStores
    limits: Limits

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

    async def _ask(self, store: Store) -> Outcome:
        async with AsyncExitStack() as stack:
            credentials = self.stores.credentials(store, store.namespace)
            try:
                client = await stack.enter_async_context(
                    store.provider.connect(credentials, store.context(self.limits))
                )
            except SecretError as error:
                return NoClient(error)
            try:
                return Validated(await client.validate(), store.provider.capabilities)
            except SecretError as error:
                return Unusable(error)
