"""The stores of the cluster, for the core: found in the watch cache, or live where they are too new for it, and only
for whom they are meant. Every rule about who may use a store is here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from controller.condition import ready_of
from controller.credentials import ClusterCredentials, Lent
from controller.kinds import StoreKey, store_key
from controller.view import View
from kubecore.cache import Key
from kubecore.errors import ApiError, NotFound
from kubecore.resources import CONFIG_MAPS, NAMESPACES, SECRETS
from kubecore.verbs import Client
from kubecore.wire import Manifest
from secretcore.errors import AccessDenied, InvalidSpec, SecretError, StoreUnavailable
from secretcore.model.selectors import SecretKeySelector
from secretcore.parse import parse_store
from secretcore.plan import StoreRef, TemplateSource
from secretcore.provider import Credentials
from secretcore.registry import Registry
from secretcore.store import Store, allows, allows_by_name, namespace_selectors


class NamespaceRefused(AccessDenied):
    """The store's own conditions don't let a namespace use it."""


@dataclass(slots=True)
class ClusterStores:
    """The core's `Stores`, answered by a cluster."""

    client: Client
    view: View
    registry: Registry
    lent: Lent
    controller_class: str = "default"
    flood_gate: bool = True
    """Whether a store that is not known to be ready is left alone."""
    _parsed: dict[StoreKey, tuple[str, int, Store]] = field(default_factory=dict)

    async def find(self, ref: StoreRef, namespace: str) -> Store:
        key = store_key(ref, namespace)
        manifest = self.view.store(key) or await self._read(key)
        if not self.is_ours(manifest):
            raise InvalidSpec(
                "",
                f"can not reference unmanaged store {ref}: its controller is "
                f'"{manifest["spec"]["controller"]}", this one is "{self.controller_class}"',
                remedy="choose a store of this controller",
            )
        store = self.parse(key, manifest)
        await self._check_namespace(store, namespace)
        ready = ready_of(manifest.get("status") or {})
        if self.flood_gate and (ready is None or ready.status != "True"):
            remedy = f"see the condition of {key.resource.plural} {ref.name}"
            raise StoreUnavailable(f"{ref} is not ready", remedy=remedy)
        return store

    def credentials(self, store: Store, namespace: str) -> Credentials:
        return ClusterCredentials(self.client, self.view, store, namespace, self.lent)

    async def template_source(self, source: TemplateSource, namespace: str) -> Mapping[str, bytes]:
        resource = SECRETS if source.kind == "Secret" else CONFIG_MAPS
        where = f'{source.kind} "{namespace}/{source.name}"'
        try:
            data = (await self.client.get(resource, source.name, namespace)).get("data") or {}
        except NotFound:
            path = "spec.target.template.templateFrom"
            raise InvalidSpec(path, f"{where} does not exist", remedy="create it, or correct the reference") from None
        except ApiError as error:
            raise StoreUnavailable(f"{where} can't be read: {error}") from None
        return {
            key: base64.b64decode(value) if source.kind == "Secret" else value.encode() for key, value in data.items()
        }

    def is_ours(self, manifest: Manifest) -> bool:
        """Whether a store is of this controller's class."""
        return ((manifest.get("spec") or {}).get("controller") or self.controller_class) == self.controller_class

    def parse(self, key: StoreKey, manifest: Manifest) -> Store:
        """The store, parsed once per generation. Raises `InvalidSpec`."""
        uid, generation = manifest["metadata"].get("uid", ""), manifest["metadata"].get("generation", 0)
        known = self._parsed.get(key)
        if known is None or known[:2] != (uid, generation):
            try:
                known = self._parsed[key] = uid, generation, parse_store(manifest, self.registry)
            except InvalidSpec as error:
                raise InvalidSpec("", f"{key}: {error}", remedy=error.remedy) from None
        return known[2]

    def logins(self, key: StoreKey, manifest: Manifest) -> Iterator[Key]:
        """The Secrets that a store names; a namespace of "" is that of whoever uses it."""
        try:
            store = self.parse(key, manifest)
        except SecretError:
            return
        for _, selector in store.selectors:
            is_secret = isinstance(selector, SecretKeySelector) or getattr(selector, "type", "") == "Secret"
            if is_secret and selector.name:
                yield Key(store.namespace or selector.namespace or "", selector.name)

    def login_versions(self, key: StoreKey, manifest: Manifest, namespace: str) -> str:
        """Of the Secrets and ConfigMaps that a store names for an ExternalSecret of this namespace; "" where it can't
        be read.
        """
        try:
            store = self.parse(key, manifest)
        except SecretError:
            return ""
        return self.credentials(store, namespace).identity

    def forget(self, key: StoreKey) -> None:
        """The store is gone."""
        self._parsed.pop(key, None)

    async def _read(self, key: StoreKey) -> Manifest:
        try:
            return await self.client.get(key.resource, key.name, key.namespace)
        except ApiError as error:
            raise _not_read(key, error) from None

    async def _check_namespace(self, store: Store, namespace: str) -> None:
        if allows_by_name(store, namespace):
            return
        # Labels may have changed a moment ago, so they are asked for.
        if not namespace_selectors(store) or not allows(store, namespace, await self._labels(namespace)):
            raise NamespaceRefused(
                f'using cluster store "{store.name}" is not allowed from namespace "{namespace}": '
                "denied by spec.condition",
                remedy="let spec.conditions of the store name the namespace",
            )

    async def _labels(self, namespace: str) -> Mapping[str, str]:
        try:
            manifest = await self.client.get(NAMESPACES, namespace)
        except ApiError as error:
            raise StoreUnavailable(f'namespace "{namespace}" can\'t be read: {error}') from None
        return manifest["metadata"].get("labels") or {}


def _not_read(key: StoreKey, error: ApiError) -> SecretError:
    where = f' in namespace "{key.namespace}"' if key.namespace else ""
    if isinstance(error, NotFound):
        return InvalidSpec("", f"could not get {key}{where}: it does not exist", remedy="create it")
    return StoreUnavailable(f"could not get {key}{where}: {error}")
