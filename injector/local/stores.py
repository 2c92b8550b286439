"""Answers the core's question for a store from manifests, under the namespace rules of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from injector.local.credentials import CredentialSource, LocalCredentials, value_in
from injector.local.manifests import Manifests, Name
from secretcore.errors import InvalidSpec, StoreUnavailable
from secretcore.parse import parse_store
from secretcore.plan import StoreRef, TemplateSource
from secretcore.provider import Credentials
from secretcore.registry import Registry
from secretcore.store import Store, allows


@dataclass(slots=True)
class LocalStores:
    """Stores among the files. Parsed when first used."""

    manifests: Manifests
    registry: Registry
    sources: tuple[CredentialSource, ...]
    where: str = "not among the files"
    """Of an object that there is none of."""
    unread: Mapping[Name, str] = field(default_factory=dict)
    """What a cluster would not tell, and why."""
    _parsed: dict[Name, Store] = field(default_factory=dict)

    async def find(self, ref: StoreRef, namespace: str) -> Store:
        name = Name(ref.kind, namespace if ref.kind == "SecretStore" else "", ref.name)
        if name not in self.manifests.objects:
            where = f' in namespace "{name.namespace}"' if name.namespace else ""
            self._check_read(name)
            raise InvalidSpec("", f"could not get {ref}{where}: it is {self.where}", remedy="add its manifest")
        if name not in self._parsed:
            self._parsed[name] = self._parse(name)
        store = self._parsed[name]
        if not allows(store, namespace, self._labels(namespace)):
            self._check_read(Name("Namespace", "", namespace))
            raise InvalidSpec(
                "",
                f'using cluster store "{ref.name}" is not allowed from namespace "{namespace}": '
                "denied by spec.condition",
                remedy="let spec.conditions of the store name the namespace",
            )
        return store

    def credentials(self, store: Store, namespace: str) -> Credentials:
        return LocalCredentials(store, namespace, self.sources)

    async def template_source(self, source: TemplateSource, namespace: str) -> Mapping[str, bytes]:
        manifest = self.manifests.get(source.kind, namespace, source.name)
        if manifest is None:
            self._check_read(Name(source.kind, namespace, source.name))
            raise InvalidSpec(
                "spec.target.template.templateFrom",
                f'{source.kind} "{namespace}/{source.name}" is {self.where}',
                remedy="add its manifest",
            )
        fields = ("data", "stringData") if source.kind == "Secret" else ("data",)
        maps = (found for field in fields if isinstance(found := manifest.get(field), dict))
        return {str(key): value_in(manifest, key) or b"" for members in maps for key in members}

    def warnings(self) -> Iterator[str]:
        """What is worth knowing of the stores that were used."""
        for name, store in self._parsed.items():
            yield from (f"{name}: {warning}" for warning in store.warnings)

    def _parse(self, name: Name) -> Store:
        manifest = dict(self.manifests.objects[name])
        manifest["metadata"] = {**manifest.get("metadata", {}), "namespace": name.namespace}
        try:
            return parse_store(manifest, self.registry)
        except InvalidSpec as error:
            raise InvalidSpec("", f'{name.kind} "{name.name}": {error}', remedy=error.remedy) from None

    def _check_read(self, name: Name) -> None:
        if name in self.unread:
            raise StoreUnavailable(f"{name} can't be read: {self.unread[name]}", remedy="see that you may read it")

    def _labels(self, namespace: str) -> dict[str, str]:
        manifest = self.manifests.get("Namespace", "", namespace) or {}
        labels = manifest.get("metadata", {}).get("labels")
        return {"kubernetes.io/metadata.name": namespace, **(labels if isinstance(labels, dict) else {})}
