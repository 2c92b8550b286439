"""Reads what a reconcile of an ExternalSecret needs to know: the object, its Secret, what the stores have. Everything
that is read is read here; `reconciler` calls it, `due` and `decide` judge what comes out.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from controller.external_secret.subject import Subject
from controller.index import stores_of, templates_of, version_of
from controller.kinds import StoreKey
from controller.stores import ClusterStores
from controller.told import Told
from controller.view import View
from kubecore.cache import Change, Key, key_of
from kubecore.errors import NotFound
from kubecore.resources import SECRETS
from kubecore.verbs import Client
from kubecore.wire import Manifest
from secretcore.clients import Clients
from secretcore.errors import SecretError
from secretcore.model.external_secret import ExternalSecretSpec, StoreKind
from secretcore.names import IDENTITY_ANNOTATION
from secretcore.parse import parse_external_secret
from secretcore.plan import Rendered
from secretcore.rendering import Rendering
from secretcore.resolve import resolve
from secretcore.target.hashing import fingerprint
from secretcore.target.secret import Secret

log = logging.getLogger(__name__)

FIRST_VALIDATION = timedelta(seconds=30)
"""For which an ExternalSecret waits in silence."""

Versions = tuple[tuple[str, str], ...]
"""UIDs and resourceVersions."""


@dataclass(slots=True)
class Memory:
    """What this process has seen of one ExternalSecret; lost on restart, and nothing is wrong then."""

    uid: str
    generation: int = 0
    spec: ExternalSecretSpec | None = None
    """As it was parsed of this generation. No more of an ExternalSecret is kept: most of the time nobody asks."""
    refreshed_at: datetime | None = None
    intact: tuple[str, str] = ("", "")
    """UID and resourceVersion of the Secret that was found, or left, as it should be."""
    settled: tuple[str, str, bytes] = ("", "", b"")
    """UID and resourceVersion of the Secret that a sync found, or left, just as it wants it, and the fingerprint of
    what it wanted.
    """
    waits_since: datetime | None = None
    """When it was first seen to wait for a store to be validated."""
    templates: Versions | None = None
    """Of the objects whose templates were rendered last."""


@dataclass(slots=True)
class Gather:
    """Reads for one reconcile after the other."""

    client: Client
    view: View
    stores: ClusterStores
    clients: Clients
    rendering: Callable[[], Rendering]
    told: Told
    validated: Container[StoreKind]
    """The kinds of stores that this process validates."""
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    _memories: dict[Key, Memory] = field(default_factory=dict)

    def subject(self, manifest: Manifest) -> Subject:
        """The spec is parsed once per generation. Raises `InvalidSpec`."""
        memory = self.memory(key_of(manifest), manifest["metadata"].get("uid", ""))
        generation = manifest["metadata"].get("generation", 0)
        spec, memory.spec = memory.spec if memory.generation == generation else None, None
        parsed = parse_external_secret(manifest, spec)
        memory.spec, memory.generation = parsed.spec, generation
        return Subject(manifest, parsed)

    def memory(self, key: Key, uid: str) -> Memory:
        """Empty for an object that is new."""
        known = self._memories.get(key)
        if known is None or known.uid != uid:
            known = self._memories[key] = Memory(uid)
        return known

    def changed(self, change: Change) -> None:
        """An etcd that was restored can bring another spec under a generation that was known."""
        if change.old and change.new and change.old.get("spec") != change.new.get("spec"):
            known = self._memories.get(change.key)
            if known is not None:
                known.spec = None

    def content_with(self, key: Key) -> tuple[str, str]:
        """UID and resourceVersion of the Secret that an ExternalSecret found, or left, as it should be."""
        known = self._memories.get(key)
        return known.intact if known else ("", "")

    def forget(self, key: Key) -> None:
        """The object is gone."""
        self._memories.pop(key, None)

    def templates(self, subject: Subject) -> Versions:
        """Which versions of the objects that its template reads there are now."""
        return tuple(self.view.version(template) for template in templates_of(subject.manifest))

    def stores_read(self, subject: Subject) -> Versions:
        """Which of its stores there are now, by UID and generation, and by the versions of what they log in with."""
        return tuple(self._store_read(key, subject.namespace) for key in subject.stores)

    def _store_read(self, key: StoreKey, namespace: str) -> tuple[str, str]:
        store = self.view.store(key)
        if store is None:
            return "", ""
        metadata = store["metadata"]
        login = self.stores.login_versions(key, store, namespace)
        return metadata.get("uid", ""), f"{metadata.get('generation', '')} {login}"

    def is_ours(self, manifest: Manifest) -> bool:
        """Whether no store that it names is another controller's, or of a kind that is not served here. Stores that
        are missing don't count.
        """
        keys = list(stores_of(manifest))
        stores = (self.view.store(key) for key in keys)
        return all(self.view.serves(key.resource) for key in keys) and all(
            self.stores.is_ours(store) for store in stores if store
        )

    def waits_for(self, subject: Subject, memory: Memory, now: datetime) -> str:
        """The store that it names and that is about to be validated for the first time, if there is one. Nobody waits
        long: who validates the stores may be another process, or not be allowed to write what it found.
        """
        store = self._unvalidated(subject)
        if store is None:
            memory.waits_since = None
            return ""
        memory.waits_since = memory.waits_since or now
        return str(store) if now - memory.waits_since < FIRST_VALIDATION else ""

    def _unvalidated(self, subject: Subject) -> StoreKey | None:
        for key in subject.stores if self.stores.flood_gate else ():
            store = self.view.store(key)
            if key.kind in self.validated and store and not (store.get("status") or {}).get("conditions"):
                return key
        return None

    def is_read_by_pods(self, subject: Subject) -> bool:
        """Whether it is for pods only, and its store for their identity only."""
        if subject.spec.target.creation_policy != "None":
            return False
        stores = (self.view.store(key) for key in subject.stores)
        annotations = (store["metadata"].get("annotations") or {} for store in stores if store)
        return any(each.get(IDENTITY_ANNOTATION) == "pod" for each in annotations)

    async def intact(self, subject: Subject, memory: Memory) -> bool:
        """Whether the Secret is as a sync left it. Its values are read only if it changed since that was last seen."""
        known = self.view.secret(subject.namespace, subject.target_name)
        if known is None:
            return False
        if version_of(known) == memory.intact:
            return True
        secret = await self.target(subject)
        if secret is None or not secret.is_intact:
            return False
        memory.intact = (secret.uid, secret.resource_version)
        return True

    async def target(self, subject: Subject) -> Secret | None:
        """The target Secret, live."""
        return await self._secret(Key(subject.namespace, subject.target_name))

    async def _secret(self, key: Key) -> Secret | None:
        try:
            return Secret(await self.client.get(SECRETS, key.name, key.namespace))
        except NotFound:
            return None

    def is_settled(self, subject: Subject, memory: Memory, wanted: bytes) -> bool:
        """Whether the Secret is still the one that a sync left when it wanted the same."""
        known = self.view.secret(subject.namespace, subject.target_name)
        return known is not None and (*version_of(known), wanted) == memory.settled

    def is_missing(self, subject: Subject) -> bool:
        """Whether there is no target Secret as far as is known; it may have been made a moment ago."""
        return self.view.secret(subject.namespace, subject.target_name) is None

    def fingerprint(self, subject: Subject, rendered: Rendered) -> bytes:
        """Of all that a Secret is made from. Nobody outside of this process can make anything of it."""
        return fingerprint(self._salt, subject.identity, rendered)

    async def siblings(self, subject: Subject) -> list[Secret]:
        """The Secrets beside the target that bear the created-by label of this ExternalSecret, live; mostly none."""
        keys = self.view.secrets_made_by(Key(subject.namespace, subject.name))
        secrets = [await self._secret(key) for key in keys if key.name != subject.target_name]
        return [secret for secret in secrets if secret is not None]

    def not_before(self, subject: Subject) -> float:
        """When a read must begin at the earliest to be an answer for this ExternalSecret now."""
        key = Key(subject.namespace, subject.name)
        return self.told.not_before(key, subject.interval.total_seconds())

    async def outcome(self, subject: Subject) -> Rendered | SecretError:
        """What the stores have, or why it can't be had."""
        try:
            not_before = self.not_before(subject)
            return await resolve(subject.spec, subject.namespace, self.clients, self.rendering(), not_before)
        except SecretError as error:
            return error
        except Exception as error:
            log.error("reading the stores broke", exc_info=error)
            return SecretError(
                f"unexpected {type(error).__name__} while reading the stores", remedy="see the controller's log"
            )
