"""Who has to do with whom: which ExternalSecrets write a Secret, which read a store or a template,
which stores log in with a Secret.
Pure; `loop` keeps it up to date from the watches and asks it whom a change concerns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from controller.kinds import StoreKey, store_key
from kubecore.cache import Key
from kubecore.resources import CONFIG_MAPS, SECRETS, Resource
from secretcore.plan import StoreRef

Manifest = Mapping[str, Any]


class TemplateKey(NamedTuple):
    """An object that holds templates."""

    resource: Resource
    key: Key


K = TypeVar("K")
V = TypeVar("V")


class Links(Generic[K, V]):
    """Edges from keys to values that can be asked backwards."""

    def __init__(self) -> None:
        # Most have one value, and most values one key: a tuple is a quarter of a set of one.
        self._forward: dict[K, tuple[V, ...]] = {}
        self._backward: dict[V, tuple[K] | set[K]] = {}

    def put(self, key: K, values: Iterable[V]) -> None:
        """From now on the key has these values and no others."""
        new, old = tuple(dict.fromkeys(values)), self._forward.pop(key, ())
        for value in old:
            if value not in new:
                self._unlink(key, value)
        for value in new:
            if value not in old:
                self._link(key, value)
        if new:
            self._forward[key] = new

    def of(self, value: V) -> Iterable[K]:
        """The keys that have a value."""
        return tuple(self._backward.get(value, ()))

    def _link(self, key: K, value: V) -> None:
        keys = self._backward.get(value)
        if keys is None:
            self._backward[value] = (key,)
        elif isinstance(keys, set):
            keys.add(key)
        else:
            self._backward[value] = {*keys, key}

    def _unlink(self, key: K, value: V) -> None:
        keys = self._backward[value]
        if isinstance(keys, set) and len(keys) > 1:
            keys.discard(key)
        else:
            del self._backward[value]


def target_of(manifest: Manifest) -> Key:
    """The Secret that an ExternalSecret writes."""
    metadata = manifest["metadata"]
    target = (manifest.get("spec") or {}).get("target") or {}
    return Key(metadata["namespace"], target.get("name") or metadata["name"])


def templates_of(manifest: Manifest) -> Iterator[TemplateKey]:
    """The ConfigMaps and Secrets that the template of an ExternalSecret reads."""
    namespace = manifest["metadata"]["namespace"]
    template = ((manifest.get("spec") or {}).get("target") or {}).get("template") or {}
    for source in template.get("templateFrom") or ():
        for field, resource in (("configMap", CONFIG_MAPS), ("secret", SECRETS)):
            if name := (source.get(field) or {}).get("name"):
                yield TemplateKey(resource, Key(namespace, name))


def version_of(manifest: Manifest) -> tuple[str, str]:
    """UID and resourceVersion."""
    metadata = manifest["metadata"]
    return metadata.get("uid", ""), metadata.get("resourceVersion", "")


def stores_of(manifest: Manifest) -> Iterator[StoreKey]:
    """The stores that an ExternalSecret names, wherever it does."""
    spec = manifest.get("spec") or {}
    namespace = manifest["metadata"]["namespace"]
    entries = (*(spec.get("data") or ()), *(spec.get("dataFrom") or ()))
    refs = [spec.get("secretStoreRef"), *((entry.get("sourceRef") or {}).get("storeRef") for entry in entries)]
    for ref in refs:
        if ref and ref.get("name"):
            yield store_key(StoreRef(ref["name"], ref.get("kind") or "SecretStore"), namespace)
