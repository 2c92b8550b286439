"""Reads an ExternalSecret and what it depends on: stores, what they log in with, templates, its Secret, its events."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from injector.doctor.facts import Answer, CredentialRef, ExternalSecretFacts, Listed, StoreFacts, Unread, known
from injector.doctor.reading import Reading
from injector.kinds import CLUSTER_SECRET_STORES, EXTERNAL_SECRETS, SECRET_STORES
from injector.local.manifests import Name
from injector.local.references import references
from kubecore.resources import CONFIG_MAPS, EVENTS, NAMESPACES, SECRETS, SERVICE_ACCOUNTS
from kubecore.wire import Selector
from secretcore.errors import InvalidSpec
from secretcore.model.selectors import CAProvider, SecretKeySelector
from secretcore.parse import parse_store
from secretcore.registry import Registry
from secretcore.store import Store

RESOURCES = {
    resource.kind: resource
    for resource in (EXTERNAL_SECRETS, SECRET_STORES, CLUSTER_SECRET_STORES, SECRETS, CONFIG_MAPS, SERVICE_ACCOUNTS)
}
STORE_KINDS = (SECRET_STORES.kind, CLUSTER_SECRET_STORES.kind)


async def gather_external_secret(reading: Reading, name: Name, namespace_holds: Listed) -> ExternalSecretFacts:
    """`namespace_holds` are the ExternalSecrets of the namespace."""
    manifest = await reading.get(EXTERNAL_SECRETS, name.name, name.namespace)
    if manifest is None or isinstance(manifest, Unread):
        return ExternalSecretFacts(name, manifest)
    refers_to = list(references(manifest, name.namespace))
    stores, templates, target, events = await asyncio.gather(
        asyncio.gather(*(_store(reading, each, name.namespace) for each in refers_to if each.kind in STORE_KINDS)),
        _all(reading, [each for each in refers_to if each.kind in (SECRETS.kind, CONFIG_MAPS.kind)]),
        reading.get(SECRETS, target_of(manifest), name.namespace, metadata_only=True),
        events_of(reading, name),
    )
    rivals = [
        str(each["metadata"]["name"])
        for each in known(namespace_holds)
        if each["metadata"]["name"] != name.name and target_of(each) == target_of(manifest)
    ]
    return ExternalSecretFacts(name, manifest, events, stores, templates, target, rivals)


def target_of(manifest: Mapping[str, Any]) -> str:
    """The name of an ExternalSecret's Secret, also where the manifest is wrong otherwise."""
    target = (manifest.get("spec") or {}).get("target") or {}
    return str(target.get("name") or manifest["metadata"]["name"])


async def events_of(reading: Reading, name: Name) -> Listed:
    """The events on an object."""
    fields = f"involvedObject.kind={name.kind},involvedObject.name={name.name}"
    return await reading.list(EVENTS, name.namespace, Selector(fields=fields))


def credentials_of(store: Store, provider: str, namespace: str) -> Iterator[CredentialRef]:
    """What a store refers to when it is used from a namespace; `provider` is its key under spec.provider."""
    for path, selector in store.selectors:
        where = store.namespace or selector.namespace or namespace
        if isinstance(selector, SecretKeySelector):
            kind, key = SECRETS.kind, selector.key or ""
        elif isinstance(selector, CAProvider):
            kind, key = selector.type, selector.key or ""
        else:
            kind, key = SERVICE_ACCOUNTS.kind, ""
        if selector.name:
            yield CredentialRef(Name(kind, where, selector.name), key, f"spec.provider.{provider}.{path}")


async def _store(reading: Reading, name: Name, namespace: str) -> StoreFacts:
    manifest = await reading.get(RESOURCES[name.kind], name.name, name.namespace)
    if manifest is None or isinstance(manifest, Unread):
        return StoreFacts(name, manifest)
    try:
        store = parse_store(manifest, Registry.installed())
    except InvalidSpec as error:
        return StoreFacts(name, manifest, wrong=str(error))
    wanted = list(dict.fromkeys(credentials_of(store, next(iter(manifest["spec"]["provider"])), namespace)))
    found = await _all(reading, [each.name for each in wanted])
    credentials = {each: found[each.name] for each in wanted}
    return StoreFacts(name, manifest, store, "", await _labels(reading, store, namespace), credentials)


async def _labels(reading: Reading, store: Store, namespace: str) -> Mapping[str, str] | Unread:
    """Of the namespace, where the store's conditions ask for them."""
    own = {"kubernetes.io/metadata.name": namespace}
    if not any(condition.namespace_selector for condition in store.conditions):
        return own
    found = await reading.get(NAMESPACES, namespace)
    if isinstance(found, Unread):
        return found
    return own | (((found or {}).get("metadata") or {}).get("labels") or {})


async def _all(reading: Reading, names: Sequence[Name]) -> dict[Name, Answer]:
    answers = await asyncio.gather(*(reading.get(RESOURCES[each.kind], each.name, each.namespace) for each in names))
    return dict(zip(names, answers, strict=True))
