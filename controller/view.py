"""What this controller knows of the cluster without asking: copies of ExternalSecrets and stores, and of every Secret
its names and, if it is managed, its metadata, and of every ConfigMap its name and version; never a value.

`loop` fills it from watches. What we write ourselves is taken in from the API server's answer, so that a reconcile
never works on what it has itself replaced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from functools import lru_cache
from typing import Any

from controller.index import Links, TemplateKey, version_of
from controller.kinds import CLUSTER_SECRET_STORES, EXTERNAL_SECRETS, SECRET_STORES, StoreKey
from kubecore.cache import Change, Key, compact, shared_string, without_managed_fields
from kubecore.resources import CONFIG_MAPS, SECRETS, Resource
from kubecore.verbs import Client
from kubecore.watch import Collection, Reflector
from kubecore.wire import Event, Manifest
from secretcore.names import CREATED_BY_LABEL, MANAGED_LABEL, created_by

Handler = Callable[[Change], None]

SECRET_FIELDS = ("name", "namespace", "uid", "resourceVersion")
MOST_SHARED = 8
"""Entries of a map that may be worth sharing."""
NAMESAKE = {CREATED_BY_LABEL: "the ExternalSecret of its own name"}
"""The labels that are kept of most managed Secrets: one object for all of them."""


class View:
    """Copies of collections. What it hands out is shared: copy before changing."""

    def __init__(
        self,
        client: Client,
        handlers: dict[Resource, Handler],
        namespace: str = "",
        *,
        cluster_stores: bool = True,
        seen: Callable[[Manifest], None] = lambda _: None,
    ) -> None:
        """`handlers` are told of every change, those that we made included; `seen` is shown every ExternalSecret and
        store whole, before what is not kept is dropped.
        """
        self._made_by: Links[Key, str] = Links()
        self._handlers = {**handlers, SECRETS: self._secret_changed(handlers[SECRETS])}
        collections = {
            EXTERNAL_SECRETS: Collection(EXTERNAL_SECRETS, namespace),
            SECRET_STORES: Collection(SECRET_STORES, namespace),
            SECRETS: Collection(SECRETS, namespace, metadata_only=True),
            CONFIG_MAPS: Collection(CONFIG_MAPS, namespace, metadata_only=True),
        }
        if cluster_stores:
            collections[CLUSTER_SECRET_STORES] = Collection(CLUSTER_SECRET_STORES)
        self._shrinks = {resource: _shrinking(resource, seen) for resource in collections}
        self.reflectors = {
            resource: Reflector(client, collection, self._handlers[resource], shrink=self._shrinks[resource])
            for resource, collection in collections.items()
        }

    def _secret_changed(self, handle: Handler) -> Handler:
        def changed(change: Change) -> None:
            labels = (change.new or {"metadata": {}})["metadata"].get("labels") or {}
            mark = "" if labels is NAMESAKE else labels.get(CREATED_BY_LABEL)
            self._made_by.put(change.key, [mark] if mark else [])
            handle(change)

        return changed

    def watches(self) -> Iterable[Coroutine[Any, Any, Any]]:
        """What keeps the copies up to date, to be run by whoever owns the view."""
        return [reflector.run() for reflector in self.reflectors.values()]

    async def whole(self) -> None:
        """Returns when every copy has been whole once."""
        await asyncio.gather(*(reflector.synced.wait() for reflector in self.reflectors.values()))

    @property
    def is_whole(self) -> bool:
        return all(reflector.synced.is_set() for reflector in self.reflectors.values())

    def serves(self, resource: Resource) -> bool:
        """Whether there is a copy of this kind."""
        return resource in self.reflectors

    def external_secret(self, namespace: str, name: str) -> Manifest | None:
        return self.reflectors[EXTERNAL_SECRETS].cache.get(namespace, name)

    def store(self, key: StoreKey) -> Manifest | None:
        reflector = self.reflectors.get(key.resource)
        return reflector.cache.get(key.namespace, key.name) if reflector else None

    def secret(self, namespace: str, name: str) -> Manifest | None:
        """Metadata of a Secret."""
        return self.reflectors[SECRETS].cache.get(namespace, name)

    def version(self, template: TemplateKey) -> tuple[str, str]:
        """UID and resourceVersion of an object that holds templates; empty where there is none."""
        known = self.reflectors[template.resource].cache.get(*template.key)
        return version_of(known) if known else ("", "")

    def secrets_made_by(self, external_secret: Key) -> list[Key]:
        """The Secrets of its namespace whose created-by label is that of the ExternalSecret of this name."""
        made = [
            key for key in self._made_by.of(created_by(*external_secret)) if key.namespace == external_secret.namespace
        ]
        namesake = self.secret(*external_secret)
        return [external_secret, *made] if namesake and namesake["metadata"].get("labels") is NAMESAKE else made

    def take(self, resource: Resource, answer: Manifest, kind: str = "MODIFIED") -> None:
        """Take in what the API server answered to a write of ours."""
        reflector = self.reflectors.get(resource)
        if reflector is None:
            return
        for change in reflector.cache.apply(Event(kind, self._shrinks[resource](answer))):
            self._handlers[resource](change)


def _shrinking(resource: Resource, seen: Callable[[Manifest], None]) -> Callable[[Manifest], Manifest]:
    shrink = _shrinks.get(resource, compact)
    if resource in (SECRETS, CONFIG_MAPS):
        return shrink

    def shrunk(manifest: Manifest) -> Manifest:
        seen(manifest)
        return shrink(manifest)

    return shrunk


def _shrink_external_secret(manifest: Manifest) -> Manifest:
    """Whole, with the small parts shared that are the same in many: which store, which policies, Ready since when."""
    return {name: _sharing(each) for name, each in without_managed_fields(manifest).items()}


def _sharing(value: Any) -> Any:
    if isinstance(value, str):
        return shared_string(value)
    if isinstance(value, list):
        return [_sharing(each) for each in value]
    if not isinstance(value, dict):
        return value
    if 1 < len(value) <= MOST_SHARED and all(type(each) is str for each in value.values()):
        return _same(tuple(value.items()))
    return {name: _sharing(each) for name, each in value.items()}


@lru_cache(maxsize=2048)
def _same(items: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {name: shared_string(each) for name, each in items}


def _shrink_secret(manifest: Manifest) -> Manifest:
    """Names and versions, and who made it."""
    metadata = manifest["metadata"]
    labels = metadata.get("labels") or {}
    mark = labels.get(CREATED_BY_LABEL) if labels.get(MANAGED_LABEL) else None
    shrunk = compact({"metadata": {field: metadata[field] for field in SECRET_FIELDS if field in metadata}})
    if mark:
        is_namesake = mark == created_by(metadata.get("namespace", ""), metadata["name"])
        shrunk["metadata"]["labels"] = NAMESAKE if is_namesake else {CREATED_BY_LABEL: mark}
    return shrunk


def _shrink_config_map(manifest: Manifest) -> Manifest:
    metadata = manifest["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion")
    return compact({"metadata": {field: metadata[field] for field in kept if field in metadata}})


_shrinks: dict[Resource, Callable[[Manifest], Manifest]] = {
    EXTERNAL_SECRETS: _shrink_external_secret,
    SECRETS: _shrink_secret,
    CONFIG_MAPS: _shrink_config_map,
}
