"""Reads as the caller, and never fails: what may not be read, or can't, is an answer too. Values of Secrets are dropped
as they come in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from injector.doctor.facts import Answer, Listed, Manifest, Unread
from injector.progress import Progress
from kubecore.errors import ApiError, KindNotServed, NotFound
from kubecore.resources import PODS, SECRETS, Resource
from kubecore.verbs import Client
from kubecore.wire import ALL, Selector


@dataclass(slots=True)
class Reading:
    """`unchecked` collects, once each, what could not be read and why."""

    client: Client
    progress: Progress
    unchecked: dict[str, None] = field(default_factory=dict)
    _may: dict[tuple[str, Resource, str, str], bool] = field(default_factory=dict)

    async def reach(self) -> None:
        """Raises `ApiError` where the cluster does not answer at all, or does not know the caller."""
        await self._allowed("get", PODS, "default", "")

    async def get(self, resource: Resource, name: str, namespace: str = "", *, metadata_only: bool = False) -> Answer:
        """One object."""
        with self.progress.during(resource.describe(namespace, name)):
            try:
                if not await self._allowed("get", resource, namespace, name):
                    return self._unread(f"you may not get {resource.describe(namespace, name)}")
                return _without_values(
                    await self.client.get(resource, name, namespace, metadata_only=metadata_only), resource
                )
            except KindNotServed:
                return Unread(f"the API server does not serve {resource.plural}", not_served=True)
            except NotFound:
                return None
            except ApiError as error:
                return self._unread(str(error))

    async def list(self, resource: Resource, namespace: str = "", selector: Selector = ALL) -> Listed:
        """All objects of a collection; of all namespaces when `namespace` is ""."""
        with self.progress.during(resource.describe(namespace)):
            try:
                if not await self._allowed("list", resource, namespace, ""):
                    where = f" in namespace {namespace}" if namespace else ""
                    return self._unread(f"you may not list {resource.plural}{where}")
                found = await self.client.list(resource, namespace, selector)
                return [_without_values(each, resource) for each in found]
            except KindNotServed:
                return Unread(f"the API server does not serve {resource.plural}", not_served=True)
            except ApiError as error:
                return self._unread(str(error))

    async def allows(
        self, account: tuple[str, str], verb: str, resource: Resource, namespace: str, subresource: str = ""
    ) -> bool | Unread:
        """Whether RBAC allows something to a ServiceAccount."""
        try:
            return await self.client.can_account(account, verb, resource, namespace, subresource)
        except ApiError as error:
            return self._unread(f"what the controller may do: {error}")

    async def _allowed(self, verb: str, resource: Resource, namespace: str, name: str) -> bool:
        key = (verb, resource, namespace, name)
        if key not in self._may:
            self._may[key] = await self.client.can_i(verb, resource, namespace, name)
        return self._may[key]

    def _unread(self, why: str) -> Unread:
        self.unchecked[why] = None
        return Unread(why)


def _without_values(manifest: Manifest, resource: Resource) -> Manifest:
    if resource != SECRETS:
        return manifest
    return {**manifest, "data": dict.fromkeys(manifest.get("data") or {}, "")}
