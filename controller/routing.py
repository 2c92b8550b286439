"""Whom a change concerns: turns what the watches tell into names on two work queues, one of ExternalSecrets and one of
stores. No clock and no I/O; `app` connects it to a `View` and to the queues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from controller.condition import ready_of
from controller.index import Links, TemplateKey, stores_of, target_of, templates_of, version_of
from controller.kinds import CLUSTER_SECRET_STORES, EXTERNAL_SECRETS, SECRET_STORES, StoreKey
from kubecore.cache import Change, Key
from kubecore.resources import CONFIG_MAPS, SECRETS, Resource
from kubecore.wire import Manifest
from kubecore.workqueue import Lane
from secretcore.model.external_secret import StoreKind

DOUBT = 1.0
"""Seconds after which a store that did not answer is validated anew, once for all who noticed."""
DOUBTS = 60.0
"""Seconds between two validations for that reason, of a store that is found ready each time."""


class Queue(Protocol):
    """Where names are put: `kubecore.workers.Workers`."""

    def add(self, key: Any, lane: Lane = Lane.URGENT) -> None: ...

    def add_after(self, key: Any, seconds: float) -> None: ...


class Routing:
    """Keeps track of who has to do with whom. A Secret of namespace "" stands for one of that name anywhere: the
    store lets its users bring their own.
    """

    def __init__(
        self,
        external_secrets: Queue,
        stores: Queue,
        logins_of: Callable[[StoreKey, Manifest], Iterable[Key]],
        content_with: Callable[[Key], tuple[str, str]],
    ) -> None:
        """`logins_of` gives the Secrets that a store logs in with, `content_with` the UID and resourceVersion of the
        Secret that an ExternalSecret found, or left, as it should be.
        """
        self._external_secrets = external_secrets
        self._stores = stores
        self._logins_of = logins_of
        self._content_with = content_with
        self._targets: Links[Key, Key] = Links()
        self._users: Links[Key, StoreKey] = Links()
        self._templates: Links[Key, TemplateKey] = Links()
        self._logins: Links[StoreKey, Key] = Links()
        self._unready: set[Key] = set()
        self._ready_stores: set[StoreKey] = set()
        self._doubted: dict[StoreKey, float] = {}
        """When a ready store is, or was, validated because of a doubt."""

    @property
    def handlers(self) -> dict[Resource, Callable[[Change], None]]:
        """What a view tells changes to."""
        return {
            EXTERNAL_SECRETS: self.external_secret_changed,
            SECRET_STORES: lambda change: self.store_changed("SecretStore", change),
            CLUSTER_SECRET_STORES: lambda change: self.store_changed("ClusterSecretStore", change),
            SECRETS: self.secret_changed,
            CONFIG_MAPS: lambda change: self._template_changed(CONFIG_MAPS, change),
        }

    def external_secret_changed(self, change: Change) -> None:
        """New, changed and forced ones go first; those that were there before we were can wait their turn."""
        key, old, new = change.key, change.old, change.new
        if old is None or new is None or old.get("spec") != new.get("spec"):
            self._targets.put(key, [target_of(new)] if new else [])
            self._users.put(key, stores_of(new) if new else [])
            self._templates.put(key, templates_of(new) if new else [])
        (self._unready.add if new and not _is_ready(new) else self._unready.discard)(key)
        if new is None or old is None:
            rests = new is not None and _is_ready(new)
            self._external_secrets.add(key, Lane.PERIODIC if rests else Lane.URGENT)
        elif _asks(old) != _asks(new):
            self._external_secrets.add(key)

    def store_changed(self, kind: StoreKind, change: Change) -> None:
        """Validated when its spec changes; its users are tried again when it turns ready."""
        key, old, new = StoreKey(kind, *change.key), change.old, change.new
        self._logins.put(key, self._logins_of(key, new) if new else [])
        if new is not None and _is_ready(new):
            self._ready_stores.add(key)
        else:
            self._ready_stores.discard(key)
            self._doubted.pop(key, None)
        if old is None or new is None or _asks(old) != _asks(new):
            self._stores.add(key)
        if new is not None and _is_ready(new) and (old is None or not _is_ready(old)):
            self._retry(self._users.of(key))

    def secret_changed(self, change: Change) -> None:
        """A target is looked at unless it is as we left it, who logs in with it is tried again, who reads its templates
        is rendered anew.
        """
        self._template_changed(SECRETS, change)
        for key in self._targets.of(change.key):
            if change.new is None or self._content_with(key) != version_of(change.new):
                self._external_secrets.add(key)
        for store in self._logins.of(change.key):
            self._stores.add(store)
            self._retry(self._users.of(store))
        for store in self._logins.of(Key("", change.key.name)):
            self._retry(user for user in self._users.of(store) if user.namespace == change.key.namespace)

    def _template_changed(self, resource: Resource, change: Change) -> None:
        for key in self._templates.of(TemplateKey(resource, change.key)):
            self._external_secrets.add(key)

    def doubt(self, manifest: Manifest, now: float) -> None:
        """A store of this ExternalSecret did not answer, or did not let us in. However many notice, one that is not
        ready is tried at its own pace, and one that stays ready, since only a key of it is refused, every `DOUBTS`.
        """
        for key in stores_of(manifest):
            if key not in self._ready_stores:
                continue
            at = self._doubted.get(key, now - DOUBTS)
            if at <= now:
                at = self._doubted[key] = max(now + DOUBT, at + DOUBTS)
            self._stores.add_after(key, at - now)

    def _retry(self, keys: Iterable[Key]) -> None:
        for key in keys:
            if key in self._unready:
                self._external_secrets.add(key)


def _asks(manifest: Manifest) -> tuple[Any, ...]:
    """What of an object asks for a reconcile: everything but its status."""
    metadata = manifest["metadata"]
    fields = ("generation", "labels", "annotations", "finalizers", "deletionTimestamp")
    return tuple(metadata.get(field) or None for field in fields)


def _is_ready(manifest: Manifest) -> bool:
    ready = ready_of(manifest.get("status") or {})
    return ready is not None and ready.status == "True"
