"""From what a pod names, and what the cluster has of it, to what its agent reads. Pure: `inject` gathers for it.

What it raises says which object, which field, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from injector.handoff import Delivery
from injector.webhook import external_secrets, stores
from injector.webhook.annotations import PREFIX, Injection
from injector.webhook.external_secrets import ObjectKey
from injector.webhook.stores import Login, Pod
from secretcore.errors import SecretError, StoreUnavailable
from secretcore.plan import StoreRef
from secretcore.transform import KEY_RULE, is_key

LARGEST = 256 * 1024
"""Bytes of all annotations of an object together, the API server's limit."""


class Unusable(SecretError):
    """What a pod names is not there, not right, or not for this pod: the pod itself may be as it should."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the cluster has of what a pod names: everything, or it would have been refused before."""

    external_secrets: Mapping[str, external_secrets.Examined]
    stores: Mapping[StoreRef, stores.Examined]
    logins: Mapping[StoreRef, Login]
    """Of the same stores."""
    labels: Mapping[str, str]
    """Of the pod's namespace; empty where no store asks for them."""
    config_maps: frozenset[str]
    """Names of those that exist, of those that `config_maps_of` asks for."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the agent reads."""

    deliveries: tuple[Delivery, ...]
    stores: tuple[dict[str, Any], ...]
    audiences: tuple[str, ...]
    """One projected token each; "" is the API server's own."""
    keys: tuple[ObjectKey, ...]
    """Of Secrets and ConfigMaps in the pod's namespace."""


def store_refs(found: Iterable[external_secrets.Examined]) -> Iterator[StoreRef]:
    """The stores that ExternalSecrets name, each once."""
    yield from dict.fromkeys(ref for each in found for _, ref in each.stores)


def logins_of(known: Mapping[StoreRef, stores.Examined], pod: Pod) -> dict[StoreRef, Login]:
    """What each store's login needs in the pod. Raises `Unusable` for what a pod can't have."""
    logins = {}
    for ref, store in known.items():
        try:
            logins[ref] = stores.login_of(store, pod)
        except SecretError as error:
            raise about(ref, error) from None
    return logins


def config_maps_of(secrets: Iterable[external_secrets.Examined], logins: Iterable[Login]) -> Iterator[str]:
    """The ConfigMaps that have to exist, each once."""
    keys = [key for each in (*(it.templates for it in secrets), *(it.keys for it in logins)) for _, key in each]
    yield from dict.fromkeys(name for kind, name, _ in keys if kind == "ConfigMap")


def compile_pod(injection: Injection, pod: Pod, found: Found) -> Compiled:
    """Raises `Unusable` for a pod that can't have what it names."""
    deliveries = tuple(
        Delivery(external_secret=dict(each.manifest), format=injection.formats.get(name, "files"))
        for name, each in found.external_secrets.items()
    )
    _check_targets(deliveries)
    audiences: set[str] = set()
    keys: set[ObjectKey] = set()
    for name, each in found.external_secrets.items():
        for path, key in each.templates:
            keys.add(_existing(key, f'ExternalSecret "{name}": {path}', found.config_maps))
    for ref, known in found.stores.items():
        try:
            stores.check_namespace(known, pod, found.labels)
        except SecretError as error:
            raise about(ref, error) from None
        login = found.logins[ref]
        audiences.update(login.audiences)
        keys.update(_existing(key, f"{ref}: {path}", found.config_maps) for path, key in login.keys)
    return Compiled(
        deliveries,
        tuple(dict(known.manifest) for known in found.stores.values()),
        tuple(sorted(audiences)),
        tuple(sorted(keys)),
    )


def about(what: object, error: SecretError) -> SecretError:
    """The error, with the object that it is about."""
    kind = StoreUnavailable if error.transient else Unusable
    return kind(f"{what}: {error}", remedy=error.remedy)


def entry_of(delivery: Delivery) -> str:
    """What a delivery is called in the volume."""
    return delivery.target if delivery.format == "files" else f"{delivery.target}.{delivery.format}"


def _check_targets(deliveries: Iterable[Delivery]) -> None:
    taken: dict[str, str] = {}
    for delivery in deliveries:
        entry = entry_of(delivery)
        if entry in taken:
            raise Unusable(
                f'ExternalSecrets "{taken[entry]}" and "{delivery.name}" would both be "{entry}" in the volume',
                remedy=f"give one another spec.target.name, or another {PREFIX}format",
            )
        taken[entry] = delivery.name


def _existing(key: ObjectKey, where: str, config_maps: frozenset[str]) -> ObjectKey:
    kind, name, item = key
    if not is_key(item) or item.startswith(".."):
        raise Unusable(f'{where}: key "{item}" can\'t be mounted as a file', remedy=KEY_RULE)
    if kind == "ConfigMap" and name not in config_maps:
        missing = f'{where}: ConfigMap "{name}" does not exist in the pod\'s namespace'
        raise Unusable(missing, remedy="create it first")
    return key
