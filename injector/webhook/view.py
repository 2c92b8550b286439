"""What the webhook knows of the cluster without asking: copies of ExternalSecrets and stores, names of ConfigMaps,
labels of namespaces. What is not in a copy is read once, live: a manifest may bring a pod and its ExternalSecret
together.

`inject` asks it. Never a Secret, never the content of a ConfigMap. `app` runs the watches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Generic, TypeVar

from injector.kinds import CLUSTER_SECRET_STORES, EXTERNAL_SECRETS, SECRET_STORES
from injector.webhook import external_secrets, stores
from kubecore.cache import Change, Key, compact, key_of
from kubecore.errors import ApiError, NotFound
from kubecore.resources import CONFIG_MAPS, NAMESPACES, Resource
from kubecore.verbs import Client
from kubecore.watch import Collection, Reflector
from kubecore.wire import Manifest
from secretcore.errors import InvalidSpec, StoreUnavailable
from secretcore.plan import StoreRef
from secretcore.registry import Registry

LIVE_SECONDS = 3.0
"""For one live read: the API server waits for the answer to its own question."""
T = TypeVar("T")


class View:
    """Copies of collections. What it hands out is shared: copy before changing."""

    def __init__(self, client: Client, registry: Registry, controller_class: str) -> None:
        self._client = client
        self._external_secrets = _Once(external_secrets.examine)
        self._stores = _Once(lambda manifest: stores.examine(manifest, registry, controller_class))
        whole: dict[Resource, _Once[Any]] = {
            EXTERNAL_SECRETS: self._external_secrets,
            SECRET_STORES: self._stores,
            CLUSTER_SECRET_STORES: self._stores,
        }
        self.reflectors = {
            resource: Reflector(client, Collection(resource), once.changed, shrink=_without_status)
            for resource, once in whole.items()
        }
        for resource, shrink in ((CONFIG_MAPS, _name), (NAMESPACES, _labels)):
            self.reflectors[resource] = Reflector(
                client, Collection(resource, metadata_only=True), _ignore, shrink=shrink
            )

    def watches(self) -> Iterable[Coroutine[Any, Any, Any]]:
        """What keeps the copies up to date, to be run by whoever owns the view."""
        return [reflector.run() for reflector in self.reflectors.values()]

    async def whole(self) -> None:
        """Returns when every copy has been whole once."""
        await asyncio.gather(*(reflector.synced.wait() for reflector in self.reflectors.values()))

    def missing(self) -> str:
        """The copies that have not been whole yet, and why; empty when all have."""
        return "; ".join(
            f"{resource.plural}: {reflector.error or 'not listed yet'}"
            for resource, reflector in self.reflectors.items()
            if not reflector.synced.is_set()
        )

    async def external_secret(self, namespace: str, name: str) -> external_secrets.Examined:
        """Raises `InvalidSpec` where there is none, or none that pods can use."""
        manifest = await self._find(EXTERNAL_SECRETS, namespace, name)
        if manifest is None:
            raise InvalidSpec(
                "", f'does not exist in namespace "{namespace}"', remedy="create it, or correct the pod's annotation"
            )
        return self._external_secrets.of(manifest)

    async def store(self, ref: StoreRef, namespace: str) -> stores.Examined:
        """Raises `InvalidSpec` where there is none, or none that pods can use."""
        resource = SECRET_STORES if ref.kind == "SecretStore" else CLUSTER_SECRET_STORES
        where = namespace if resource.namespaced else ""
        manifest = await self._find(resource, where, ref.name)
        if manifest is None:
            place = f' in namespace "{where}"' if where else ""
            raise InvalidSpec("", f"does not exist{place}", remedy="create it, or correct the ExternalSecret")
        return self._stores.of(manifest)

    async def has_config_map(self, namespace: str, name: str) -> bool:
        """Whether there is one of this name."""
        return await self._find(CONFIG_MAPS, namespace, name, metadata_only=True) is not None

    async def labels(self, namespace: str) -> Mapping[str, str]:
        """Of a namespace."""
        manifest = await self._find(NAMESPACES, "", namespace, metadata_only=True)
        return (manifest or {"metadata": {}})["metadata"].get("labels") or {}

    async def _find(
        self, resource: Resource, namespace: str, name: str, *, metadata_only: bool = False
    ) -> Manifest | None:
        known = self.reflectors[resource].cache.get(namespace, name)
        if known is not None:
            return known
        try:
            return await self._client.get(resource, name, namespace, metadata_only=metadata_only, seconds=LIVE_SECONDS)
        except NotFound:
            return None
        except ApiError as error:
            raise StoreUnavailable(str(error), remedy="try again; the API server must answer the webhook") from None


class _Once(Generic[T]):
    """What was made of a manifest, for as long as it says the same."""

    def __init__(self, make: Callable[[Manifest], T]) -> None:
        self._make = make
        self._made: dict[Key, tuple[object, T]] = {}

    def of(self, manifest: Manifest) -> T:
        metadata = manifest["metadata"]
        # Annotations are no part of a generation.
        version = (metadata.get("uid"), metadata.get("generation"), metadata.get("annotations"))
        key = key_of(manifest)
        known = self._made.get(key)
        if known is None or known[0] != version:
            known = self._made[key] = version, self._make(manifest)
        return known[1]

    def changed(self, change: Change) -> None:
        """Forgets what is gone."""
        if change.new is None:
            self._made.pop(change.key, None)


def _ignore(_: Change) -> None:
    pass


def _without_status(manifest: Manifest) -> Manifest:
    kept = {name: value for name, value in manifest.items() if name != "status"}
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "labels"}
    annotations = {
        name: value for name, value in (metadata.pop("annotations", None) or {}).items() if name == stores.IDENTITY
    }
    return compact({**kept, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}})


def _name(manifest: Manifest) -> Manifest:
    return _with(manifest, "name", "namespace", "uid", "resourceVersion")


def _labels(manifest: Manifest) -> Manifest:
    return _with(manifest, "name", "uid", "resourceVersion", "labels")


def _with(manifest: Manifest, *fields: str) -> Manifest:
    metadata = manifest["metadata"]
    return compact({"metadata": {name: metadata[name] for name in fields if name in metadata}})
