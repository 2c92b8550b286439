"""The stores of a hand-off, for the core. The webhook has checked who may use them; the agent reads what it wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from injector.agent.credentials import IDENTITY_ANNOTATION, OWN_IDENTITY, Pod, PodCredentials
from injector.agent.mounted import Mounted
from injector.handoff import Manifest
from secretcore.errors import InvalidSpec
from secretcore.parse import parse_store
from secretcore.plan import StoreRef, TemplateSource
from secretcore.provider import Credentials
from secretcore.registry import Registry
from secretcore.store import Store


@dataclass(slots=True)
class HandoffStores:
    """Answers the core's question for a store. Parsed when first used: a pod pays for its own providers only."""

    manifests: Sequence[Manifest]
    pod: Pod
    mounted: Mounted
    registry: Registry
    _parsed: dict[StoreRef, Store] = field(default_factory=dict)

    async def find(self, ref: StoreRef, namespace: str) -> Store:
        if ref not in self._parsed:
            self._parsed[ref] = self._parse(ref)
        return self._parsed[ref]

    def credentials(self, store: Store, namespace: str) -> Credentials:
        annotations = (self._manifest(store.ref).get("metadata") or {}).get("annotations") or {}
        own_identity = annotations.get(IDENTITY_ANNOTATION) == OWN_IDENTITY
        return PodCredentials(store, self.pod, self.mounted, own_identity)

    async def template_source(self, source: TemplateSource, namespace: str) -> Mapping[str, bytes]:
        found = self.mounted.object(source.kind, source.name)
        if found is None:
            raise InvalidSpec(
                "spec.target.template.templateFrom",
                f'{source.kind} "{namespace}/{source.name}" is not mounted',
                remedy="create it, or correct the reference",
            )
        return found

    def _manifest(self, ref: StoreRef) -> Manifest:
        for manifest in self.manifests:
            if manifest.get("kind") == ref.kind and (manifest.get("metadata") or {}).get("name") == ref.name:
                return manifest
        raise InvalidSpec(
            "", f"{ref} is not in the hand-off", remedy="create the pod again: the webhook hands over the stores"
        )

    def _parse(self, ref: StoreRef) -> Store:
        manifest = self._manifest(ref)
        if ref.kind == "SecretStore":  # it is the pod's namespace that a store's own can only be
            manifest = {**manifest, "metadata": {**manifest["metadata"], "namespace": self.pod.namespace}}
        try:
            return parse_store(manifest, self.registry)
        except InvalidSpec as error:
            raise InvalidSpec("", f"{ref}: {error}", remedy=error.remedy) from None
