"""A local copy of one collection and what changed in it: pure, fed by `kubecore.watch`, read by everyone.

It is eventual: it may lag behind the server, but tolerates events that come twice, out of order or for an
object that was replaced under the same name. The truth is a whole list (`replace`).
"""

import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from kubecore.wire import Event, Manifest

SHORT = 64  # characters: longer strings rarely repeat
DELETIONS = 1000  # that are remembered: a late event comes seconds after them


class Key(NamedTuple):
    """The name of an object; `namespace` is "" for cluster-scoped kinds."""

    namespace: str
    name: str


@dataclass(frozen=True)
class Change:
    """One object before and after, as the cache holds it: `old` is None when it is new, `new` when it is
    gone.

        An object that was deleted and made again under its name is two changes.
    """

    key: Key
    old: Manifest | None
    new: Manifest | None


def key_of(manifest: Manifest) -> Key:
    metadata = manifest["metadata"]
    return Key(metadata.get("namespace", ""), metadata["name"])


def compact(manifest: Manifest) -> Manifest:
    """Without managedFields, and with equal short strings shared: a third of the memory of what was
    decoded.
    """
    shared: Manifest = _shared(without_managed_fields(manifest))
    return shared


def without_managed_fields(manifest: Manifest) -> Manifest:
    """They are most of many an object."""
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "managedFields"}
    return {**manifest, "metadata": metadata}


def shared_string(text: str) -> str:
    """One object for all that are equal, where that is likely to pay."""
    return sys.intern(text) if len(text) <= SHORT else text


def _shared(value: Any) -> Any:
    if isinstance(value, str):
        return shared_string(value)
    if isinstance(value, dict):
        return {sys.intern(name): _shared(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shared(item) for item in value]
    return value


class Cache:
    """Objects by key. What it hands out is shared: copy before changing."""

    def __init__(self) -> None:
        self._objects: dict[Key, Manifest] = {}
        self._deleted: OrderedDict[Key, int] = OrderedDict()  # and the version, so that nothing late brings it back

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[Manifest]:
        return iter(self._objects.values())

    def get(self, namespace: str, name: str) -> Manifest | None:
        return self._objects.get(Key(namespace, name))

    def knows(self, event: Event) -> bool:
        """Whether an event tells of the very version that is here: what we wrote ourselves was taken in before."""
        known = self._objects.get(key_of(event.object))
        version = event.object["metadata"]["resourceVersion"]
        return event.type != "DELETED" and known is not None and known["metadata"]["resourceVersion"] == version

    def replace(self, manifests: Iterable[Manifest]) -> list[Change]:
        """Take a whole list for the truth, also one whose versions went back (a restored etcd), and return what that
        changes.
        """
        self._deleted.clear()
        before, self._objects = self._objects, {key_of(manifest): manifest for manifest in manifests}
        changes = [Change(key, old, None) for key, old in before.items() if key not in self._objects]
        for key, new in self._objects.items():
            changes += _steps(key, before.get(key), new)
        return changes

    def apply(self, event: Event) -> list[Change]:
        """Take in a watch event that is not a bookmark; what is older than what is known changes nothing."""
        new, key = event.object, key_of(event.object)
        old = self._objects.get(key)
        if _version(new) < (_version(old) if old else self._deleted.get(key, 0)):
            return []
        if event.type == "DELETED":
            self._objects.pop(key, None)
            self._remember_deletion(key, _version(new))
            return [] if old is None else [Change(key, old, None)]
        self._objects[key] = new
        return _steps(key, old, new)

    def _remember_deletion(self, key: Key, version: int) -> None:
        self._deleted.pop(key, None)
        self._deleted[key] = version
        if len(self._deleted) > DELETIONS:
            self._deleted.popitem(last=False)


def _steps(key: Key, old: Manifest | None, new: Manifest) -> list[Change]:
    if old is None:
        return [Change(key, None, new)]
    if old["metadata"].get("uid") != new["metadata"].get("uid"):
        return [Change(key, old, None), Change(key, None, new)]
    if _version(old) == _version(new):
        return []
    return [Change(key, old, new)]


def _version(manifest: Manifest) -> int:
    """The API server's versions are decimal numbers that grow (since 1.35 by contract, before that in
    fact).
    """
    return int(manifest["metadata"]["resourceVersion"])
