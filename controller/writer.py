"""Every write of the controller's goes through here: none begins that could still be under way when another replica may
lead, and each names the object that it is meant for (`apply` sees to that).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from kubecore.errors import ApiError, Unreachable
from kubecore.resources import Resource
from kubecore.verbs import Client
from kubecore.wire import Manifest

T = TypeVar("T")

REQUEST = 5.0
"""Seconds that one write may take unless said otherwise."""


class NotLeading(ApiError):
    """Another replica may lead by now."""

    transient = True


def always() -> bool:
    """Of a controller that has no rival."""
    return True


@dataclass(frozen=True, slots=True)
class Writer:
    """The writing verbs of a client. Errors are those of `kubecore.errors`, and `NotLeading`."""

    client: Client
    may_write: Callable[[], bool] = always
    seconds: float = REQUEST
    """That one write may take; `may_write` counts on it."""

    async def create(self, resource: Resource, manifest: Manifest, namespace: str, *, field_manager: str) -> Manifest:
        return await self._within(
            lambda: self.client.create(resource, manifest, namespace, field_manager=field_manager)
        )

    async def update(self, resource: Resource, manifest: Manifest, *, field_manager: str) -> Manifest:
        return await self._within(lambda: self.client.update(resource, manifest, field_manager=field_manager))

    async def patch(self, resource: Resource, name: str, namespace: str, **options: Any) -> Manifest:
        return await self._within(lambda: self.client.patch(resource, name, namespace, **options))

    async def delete(self, resource: Resource, name: str, namespace: str, *, uid: str, resource_version: str) -> None:
        await self._within(
            lambda: self.client.delete(resource, name, namespace, uid=uid, resource_version=resource_version)
        )

    async def _within(self, write: Callable[[], Awaitable[T]]) -> T:
        if not self.may_write():
            raise NotLeading("the lease may have passed to another replica; nothing is written")
        try:
            async with asyncio.timeout(self.seconds):
                return await write()
        except TimeoutError:
            raise Unreachable(f"no answer from the API server within {self.seconds:.0f} s") from None
